import assert from 'node:assert/strict';
import { activateExtension } from './activation-record.ts';

describe('activation', () => {
  it('calls no partner, even when a token is due', async () => {
    const { loadMs, activateMs, requests, connections } = await activateExtension();
    console.log(`      bundle loaded in ${loadMs.toFixed(0)} ms, activated in ${activateMs.toFixed(0)} ms`);
    assert.equal(requests, 0);
    assert.deepEqual(connections, []);
  });

  it('reads no secret except the keyring canary', async () => {
    const { secretCalls } = await activateExtension();
    assert.deepEqual(secretCalls, ['get keyring-canary', 'store keyring-canary']);
  });
});
