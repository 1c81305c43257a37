import { partners, type PartnerDefinition } from '../../../../core/index.ts';
import type { SandboxFault } from '../../../../core/sandbox/index.ts';
import type { Row } from '../trial.ts';

type Fields = Record<string, unknown>;

/** Changes the token fields of a refresh response, wherever the partner puts them. */
const rewriteTokens = (change: (fields: Fields) => void): SandboxFault => ({
  rewrite(response) {
    const fields = response as Fields & { data?: Fields };
    change(typeof fields.data === 'object' ? fields.data : fields);
    return fields;
  },
});
const rewriteLifetimes = (value: unknown): SandboxFault =>
  rewriteTokens((fields) => {
    for (const name of ['expires_in', 'refresh_expires_in', 'access_expires', 'refresh_expires']) {
      if (name in fields) fields[name] = value;
    }
  });

/** Rows in which the refresh token stays usable, or the response has a new one: no session may be lost. */
const recoverable = (name: string, reported: string, ...faults: SandboxFault[]): Row => ({
  name,
  reported,
  variants: faults.length,
  async inject({ sandbox, session, attempt }, variant) {
    const fault = faults[variant];
    if (fault !== undefined) sandbox.fail(fault, { call: 'refresh', times: 5 });
    await attempt(() => session.refresh());
    return undefined;
  },
});

/** Rows in which the refresh token is used and the response unusable: with a grace time, no session may be lost. */
const afterRotation = (name: string, code: string, ...faults: SandboxFault[]): Row[] =>
  [60, 0].map((graceTime) => ({
    ...recoverable(
      `${name}, ${graceTime > 0 ? 'grace time' : 'no grace'}`,
      graceTime > 0 ? code : '`refreshInterrupted`; sign in again',
      ...faults,
    ),
    sandbox: { graceTime },
    ...((faults.includes('drip') || faults.includes('hangAfter')) && { session: { timeout: 150 } }),
    ...(graceTime === 0 && { unrecoverable: ['refreshInterrupted'] as const }),
  }));

const message = 'HTTP 500 with an error inside';
const errorBody = JSON.stringify({ success: false, code: 500, message, msg: message });
const html = '<!DOCTYPE html><html><body>Sign in to the hotel Wi-Fi</body></html>';

export const responseRows: readonly Row[] = [
  ...afterRotation('response lost', '`network`', 'resetAfter'),
  ...afterRotation('half a response', '`network`', 'halfResponse'),
  ...afterRotation('no response', '`timeout`', 'hangAfter'),
  ...afterRotation('one byte at a time (slow loris)', '`timeout`', 'drip'),
  recoverable('429 without Retry-After', '`rateLimited`', { status: 429 }),
  recoverable('429, Retry-After in seconds', '`rateLimited`, or nothing after a wait', {
    status: 429,
    retryAfter: '0',
  }),
  recoverable('429, Retry-After as a date', '`rateLimited`, or nothing after a wait', {
    status: 429,
    retryAfter: new Date(0).toUTCString(),
  }),
  recoverable(
    '429, invalid or huge Retry-After',
    '`rateLimited` with `retryAfter`, without a wait',
    ...['999999999', '-1', 'soon', '1e9', 'Fri, 99 Foo 2026', '\u00ff'].map((retryAfter) => ({
      status: 429,
      retryAfter,
    })),
  ),
  recoverable('500', '`partnerUnavailable`', { status: 500 }),
  recoverable('502 with an HTML page', '`partnerUnavailable`', { status: 502, html: true }),
  recoverable(
    '200 with an error or another page in the body',
    '`partnerRefused` or `invalidResponse`',
    ...[errorBody, html, '', 'null', '[]', '7'].map((text) => ({ text })),
  ),
  recoverable(
    '401 or 403 with an HTML page of a gateway',
    '`invalidResponse`, which is retryable: the partner has not responded',
    ...[401, 403].map((status) => ({ status, html: true })),
  ),
  {
    name: '200 with an error that only a rule of the definition distinguishes from success',
    reported: '`rateLimited`, the code of the rule, after one request',
    async inject({ partner, sandbox, open, attempt, refreshCount }) {
      const { response, errors = [], ...rest }: PartnerDefinition = partners[partner];
      const { success: _, ...shape } = response;
      const session = await open({
        partner: {
          ...rest,
          response: { ...shape, code: 'code' },
          errors: [{ code: 'BUSY', is: 'rateLimited' }, ...errors],
        },
      });
      sandbox.fail({ text: JSON.stringify({ code: 'BUSY', data: {} }) }, { call: 'refresh', times: Infinity });
      const before = refreshCount();
      const code = await attempt(() => session.refresh());
      const requests = refreshCount() - before;
      return code === 'rateLimited' && requests === 1 ? undefined : `reported ${code} after ${requests} requests`;
    },
  },
  recoverable('byte order mark before the JSON', 'nothing', 'byteOrderMark'),
  ...afterRotation('broken JSON', '`invalidResponse`', 'brokenJson'),
  ...afterRotation('oversized body', '`responseTooLarge`', 'oversized'),
  ...afterRotation('gzip bomb', '`responseTooLarge`', 'gzipBomb'),
  recoverable(
    'access token missing or of the wrong type',
    '`invalidResponse`; the new refresh token is saved',
    rewriteTokens((fields) => delete fields.access_token),
    ...[7, null, {}, [], true, '', 'two\r\nlines'].map((value) =>
      rewriteTokens((fields) => (fields.access_token = value)),
    ),
  ),
  recoverable(
    'lifetime missing, not a number, 0, negative, or 1e12',
    'nothing: the `exp` claim of the token is used',
    ...['3600', 0, -5, 1e12, 'NaN', '1e3', null, {}, [], true, '2026-13-45T99:99:99Z'].map(rewriteLifetimes),
    rewriteTokens((fields) => delete fields.expires_in),
  ),
  {
    ...recoverable('no refresh token in the response', 'nothing: the previous one is kept'),
    variants: 1,
    sandbox: { refreshTokenInResponse: 'omitted' },
  },
  {
    ...recoverable('same refresh token in the response', 'nothing'),
    variants: 1,
    sandbox: { refreshTokenInResponse: 'same' },
  },
];
