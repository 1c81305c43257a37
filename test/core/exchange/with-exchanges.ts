import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { openSession, type AuthExchange, type PartnerSession, type SessionOptions } from '../../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../core/sandbox/index.ts';
import { acmePay } from '../../helpers/acme-pay.ts';

export const partnerIds = ['tconnect', 'bizmail', 'cloudreve', 'acme-pay'] as const;

interface ExchangeFixture {
  readonly sandbox: Sandbox;
  readonly session: PartnerSession;
  readonly credentials: Readonly<Record<string, string>>;
  readonly masked: AuthExchange[];
  readonly revealed: AuthExchange[];
  /** What masked exchanges must not show: credentials, key, IV, tokens so far, and ciphertexts. */
  secrets(): readonly string[];
}

/** Runs a test with a session that has one listener for masked and one for revealed exchanges. */
export async function withExchanges(
  name: (typeof partnerIds)[number],
  test: (fixture: ExchangeFixture) => Promise<void>,
  options: SandboxOptions = {},
  session: Partial<Pick<SessionOptions, 'response' | 'timeout' | 'clock' | 'extraFields'>> = {},
): Promise<void> {
  const tokens = new Set<string>();
  await using sandbox = await startSandbox({
    definitions: [{ definition: acmePay, cipher: { iv: { from: 'key' }, output: 'base64' } }],
    onRequest: () => {
      const { accessToken, refreshToken } = sandbox.tokens(name) ?? {};
      for (const token of [accessToken, refreshToken]) if (token !== undefined) tokens.add(token);
    },
    ...options,
  });
  const profile = sandbox.profiles[name];
  assert.ok(profile);
  const merged: SessionOptions = { ...profile, ...session };
  await using opened = await openSession(merged);
  const masked: AuthExchange[] = [];
  const revealed: AuthExchange[] = [];
  opened.on('exchange', (exchange) => void masked.push(exchange));
  opened.on('exchange', (exchange) => void revealed.push(exchange), { reveal: true });
  const credentials: Readonly<Record<string, string>> = { ...profile.credentials };
  const { cipher } = profile;
  await test({
    sandbox,
    session: opened,
    credentials,
    masked,
    revealed,
    secrets: () => [
      ...Object.entries(credentials).flatMap(([field, value]) => (/password|secret/.test(field) ? [value] : [])),
      ...(cipher === undefined
        ? []
        : [String(cipher.key), ...(cipher.iv.from === 'fixed' ? [String(cipher.iv.value)] : [])]),
      ...tokens,
      ...sandbox.journal
        .map(({ body }) => /"(?:data|payload)":"([^"]+)"/.exec(body)?.[1])
        .filter((text) => text !== undefined),
    ],
  });
}

export function assertHidden(exchanges: readonly unknown[], secrets: readonly string[]): void {
  assert.ok(exchanges.length > 0 && secrets.length > 0);
  for (const exchange of exchanges) {
    const shown = [
      JSON.stringify(exchange),
      inspect(exchange, { depth: Infinity, showHidden: true, maxStringLength: Infinity }),
    ];
    for (const secret of secrets) {
      for (const text of shown) assert.ok(!text.includes(secret), `${secret.slice(0, 4)}… is in ${text.slice(0, 400)}`);
    }
  }
}
