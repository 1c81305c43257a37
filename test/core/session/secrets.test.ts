import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { catchError, partnerNames, readSession, withSession } from '../../helpers/with-session.ts';

describe('session secrets', () => {
  for (const partner of partnerNames) {
    it(`at ${partner} appear in no status, error, log line or inspection`, () => {
      const lines: string[] = [];
      const write = (message: string): void => void lines.push(message);
      const logger = { debug: write, info: write, warn: write, error: write };
      return withSession({ partner, session: { logger } }, async ({ session, sandbox, credentials, store }) => {
        const errors: unknown[] = [];
        errors.push(await catchError(session.login({ ...credentials, password: `${credentials.password ?? ''}x` })));
        await session.refresh();
        const record = await readSession(store);
        for (const fault of ['resetBefore', { status: 500 }, 'brokenJson', 'oversized', echo(credentials)] as const) {
          sandbox.fail(fault, { call: 'refresh', times: 5 });
          errors.push(await catchError(session.refresh()));
          sandbox.heal();
        }
        sandbox.revoke(partner);
        errors.push(await catchError(session.refresh()));
        await session.signOut();

        const sent = sandbox.journal.map(({ body }) => /"data":"([^"]+)"/.exec(body)?.[1]);
        const { cipher } = sandbox.profiles[partner];
        const secrets = [
          credentials.password,
          credentials.client_secret,
          record.tokens.accessToken,
          record.tokens.refreshToken,
          cipher?.key,
          cipher?.iv.from === 'fixed' ? cipher.iv.value : undefined,
          ...sent,
        ].filter((secret) => secret !== undefined);
        const outputs = [...lines, ...errors, session, session.status].flatMap((value) => [
          inspect(value, { depth: Infinity, showHidden: true }),
          JSON.stringify(value),
          String(value),
          ...(value instanceof Error ? [value.stack ?? '', inspect(structuredClone(value), { depth: Infinity })] : []),
        ]);
        assert.ok(secrets.length >= 3 && outputs.length > 40 && lines.length > 3);
        for (const secret of secrets) {
          for (const output of outputs) assert.ok(!output.includes(secret), `found in: ${output.slice(0, 300)}`);
        }
      });
    });
  }
});

/** A response that echoes the credentials in its error message. */
function echo(credentials: Readonly<Record<string, string>>): { text: string } {
  const message = `wrong ${Object.values(credentials).join(' ')} Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl`;
  return { text: JSON.stringify({ success: false, code: 7, message, msg: message }) };
}
