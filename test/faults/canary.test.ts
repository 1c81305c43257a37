import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { searchCanaries } from './canary/run.ts';
import { Places } from './places.ts';

describe('canaries', () => {
  it('would be found', () => {
    const places = new Places();
    places.secret('CANARY-1234');
    places.add('error', new Error('x', { cause: { deep: [{ password: 'CANARY-1234' }] } }));
    places.add('base64', Buffer.from('CANARY-1234').toString('base64'));
    places.add('clean', 'CANARY');
    assert.deepEqual(places.seen(), ['error', 'base64']);
  });

  it('are in no error, status, log line, inspection, output, argument, environment, crash file or other host', async () => {
    const { searched, secrets, seen, stores } = await searchCanaries();
    assert.deepEqual(seen, []);
    assert.equal(stores, 3, 'the store file of each partner, 0600, is the one place');
    assert.ok(searched > 1_000 && secrets > 50, `${searched} places, ${secrets} secrets`);
  });
});
