import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { startGateway } from '../../../core/gateway/index.ts';
import { jsonType, sendRaw } from '../../helpers/send-raw.ts';
import { withSession } from '../../helpers/with-session.ts';

const query = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 };

// `npm run bench -- gateway` makes 10,000 calls while tokens live a second of real time.
describe('calls through the gateway while tokens live one second', () => {
  it('all succeed, with one refresh for each expiry', () => {
    let refreshes = 0;
    const onRequest = ({ call }: { readonly call: string }): void => {
      if (call === 'refresh') refreshes++;
    };
    return withSession({ sandbox: { accessLifetime: 1, onRequest } }, async ({ session, clock }) => {
      await using gateway = await startGateway(session);
      const agent = new Agent({ keepAlive: true, maxSockets: 32 });
      const call = {
        method: 'POST',
        path: '/openapi/v1/transaction/qr',
        headers: jsonType,
        body: JSON.stringify(query),
      };
      const statuses = new Map<number, number>();
      const [total, perToken] = [1_200, 200];
      let started = 0;
      await Promise.all(
        Array.from({ length: 32 }, async () => {
          while (started < total) {
            // While the other connections are in the middle of their calls.
            if (++started % perToken === 0) clock.advance(1_000);
            const { status } = await sendRaw(gateway.url, { ...call, agent });
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
        }),
      );
      agent.destroy();
      assert.deepEqual([...statuses], [[200, total]]);
      assert.equal(refreshes, total / perToken);
    });
  });
});
