import assert from 'node:assert/strict';
import { it } from 'node:test';
import { memoryStore } from '../../../core/index.ts';
import { withSession } from '../../helpers/with-session.ts';

it('nothing is written to the store after close(), which waits for a login that is being saved', () => {
  const store = memoryStore();
  const { write } = store;
  let writing = (): void => undefined;
  const started = new Promise<void>((resolve) => (writing = resolve));
  let written = 0;
  store.write = async (record) => {
    writing();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await write(record);
    written++;
  };
  return withSession({ session: { store }, signedIn: false }, async ({ session, credentials }) => {
    const login = session.login(credentials);
    await started;
    await Promise.all([session.close(), session.close().then(() => assert.equal(written, 1))]);
    assert.equal(written, 1);
    await login;
  });
});
