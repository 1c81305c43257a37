import type { SandboxFault } from '../../../../core/sandbox/index.ts';
import type { Row } from '../trial.ts';

type Fields = Record<string, unknown>;

/** Changes the token fields of a refresh answer, wherever the partner puts them. */
const tokens = (change: (fields: Fields) => void): SandboxFault => ({
  rewrite(answer) {
    const whole = answer as Fields & { data?: Fields };
    change(typeof whole.data === 'object' ? whole.data : whole);
    return whole;
  },
});
const lifetime = (value: unknown): SandboxFault =>
  tokens((fields) => {
    for (const name of ['expires_in', 'refresh_expires_in', 'access_expires', 'refresh_expires']) {
      if (name in fields) fields[name] = value;
    }
  });

/** An answer before which the refresh token is not used up, or which says so: nothing may be lost at any partner. */
const harmless = (name: string, told: string, ...faults: SandboxFault[]): Row => ({
  name,
  told,
  variants: faults.length,
  async provoke({ sandbox, session, attempt }, variant) {
    const fault = faults[variant];
    if (fault !== undefined) sandbox.fail(fault, { call: 'refresh', times: 4 });
    await attempt(() => session.refresh());
    return undefined;
  },
});

/** The refresh token is used up and its answer of no use: with a grace time nothing may be lost. */
const after = (name: string, code: string, ...faults: SandboxFault[]): Row[] =>
  [60, 0].map((graceTime) => ({
    ...harmless(
      `${name}, ${graceTime > 0 ? 'grace time' : 'no grace'}`,
      graceTime > 0 ? code : '`refreshInterrupted`; sign in again',
      ...faults,
    ),
    sandbox: { graceTime },
    ...((faults.includes('drip') || faults.includes('hangAfter')) && { session: { timeout: 150 } }),
    ...(graceTime === 0 && { unsavable: ['refreshInterrupted'] as const }),
  }));

const refused = 'HTTP 500 with an error inside';
const inside = JSON.stringify({ success: false, code: 500, message: refused, msg: refused });
const html = '<!DOCTYPE html><html><body>Sign in to the hotel Wi-Fi</body></html>';

export const answerRows: readonly Row[] = [
  ...after('answer lost after rotation', '`network`', 'resetAfter'),
  ...after('half an answer', '`network`', 'halfResponse'),
  ...after('never answered after rotation', '`timeout`', 'hangAfter'),
  ...after('slow loris', '`timeout`', 'drip'),
  harmless('429 without Retry-After', '`rateLimited`', { status: 429 }),
  harmless('429, Retry-After in seconds', '`rateLimited`, or nothing: waited for', { status: 429, retryAfter: '0' }),
  harmless('429, Retry-After as a date', '`rateLimited`, or nothing: waited for', {
    status: 429,
    retryAfter: new Date(0).toUTCString(),
  }),
  harmless(
    '429, absurd Retry-After',
    '`rateLimited` with `retryAfter`; not waited for',
    ...['999999999', '-1', 'soon', '1e9', 'Fri, 99 Foo 2026', '\u00ff'].map((retryAfter) => ({
      status: 429,
      retryAfter,
    })),
  ),
  harmless('500', '`partnerUnavailable`', { status: 500 }),
  harmless('502 with an HTML page', '`partnerUnavailable`', { status: 502, html: true }),
  harmless(
    '200 with an error or another page inside',
    '`partnerRefused` or `invalidResponse`',
    ...[inside, html, '', 'null', '[]', '7'].map((text) => ({ text })),
  ),
  ...after('broken JSON', '`invalidResponse`', 'brokenJson'),
  ...after('oversized body', '`responseTooLarge`', 'oversized'),
  ...after('gzip bomb', '`responseTooLarge`', 'gzipBomb'),
  harmless(
    'access token missing or of a wrong type',
    '`invalidResponse`; the new refresh token is kept',
    tokens((fields) => delete fields.access_token),
    ...[7, null, {}, [], true, '', 'two\r\nlines'].map((value) => tokens((fields) => (fields.access_token = value))),
  ),
  harmless(
    'lifetime as text, 0, negative, 1e12, NaN, or missing',
    'nothing: the token tells its own `exp`',
    ...['3600', 0, -5, 1e12, 'NaN', '1e3', null, {}, [], true, '2026-13-45T99:99:99Z'].map(lifetime),
    tokens((fields) => delete fields.expires_in),
  ),
  {
    ...harmless('no refresh token in the answer', 'nothing: the old one is kept'),
    variants: 1,
    sandbox: { refreshTokenInResponse: 'omitted' },
  },
  {
    ...harmless('the same refresh token in the answer', 'nothing'),
    variants: 1,
    sandbox: { refreshTokenInResponse: 'same' },
  },
];
