import assert from 'node:assert/strict';
import { it } from 'node:test';
import { memoryStore, type StoredRecord } from '../../../core/index.ts';
import { withSession } from '../../helpers/with-session.ts';

it('a slow read of the store does not bring back what a login in this process has replaced since', async () => {
  const store = memoryStore();
  const { read } = store;
  let slow: Promise<void> | undefined;
  let reads = 0;
  store.read = async (): Promise<StoredRecord | undefined> => {
    const record = await read();
    if (slow !== undefined && ++reads === 1) await slow;
    return record;
  };
  let changed = (): void => undefined;
  store.onDidChange = (listener) => {
    changed = listener;
    return () => undefined;
  };
  await withSession({ session: { store } }, async ({ session, sandbox, credentials }) => {
    await session.signOut();
    const gate = Promise.withResolvers<undefined>();
    slow = gate.promise;
    changed();
    await session.login(credentials);
    gate.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(session.status.phase, 'valid');
    assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
  });
});
