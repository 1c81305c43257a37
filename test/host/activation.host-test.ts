import assert from 'node:assert/strict';
import { observed } from './observed.ts';

describe('activation', () => {
  it('asks no partner, even where a token is due', async () => {
    const { loadMs, activateMs, requests, connections } = await observed();
    console.log(`      bundle loaded in ${loadMs.toFixed(0)} ms, activated in ${activateMs.toFixed(0)} ms`);
    assert.equal(requests, 0);
    assert.deepEqual(connections, []);
  });

  it('decrypts nothing but the canary', async () => {
    const { secretCalls } = await observed();
    assert.deepEqual(secretCalls, ['get keyring-canary', 'store keyring-canary']);
  });
});
