import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startSandbox } from '../../../core/sandbox/index.ts';

describe('a misspelled name', () => {
  it('of a profile or a part of the sandbox is a TypeError with the right one', async () => {
    await using sandbox = await startSandbox();
    const untyped = sandbox as unknown as Record<string, Record<string, unknown>>;
    assert.throws(() => untyped.proflies?.tconect, {
      name: 'TypeError',
      message: 'The sandbox has no property "proflies". Did you mean "profiles"?',
    });
    assert.throws(() => untyped.profiles?.tconect, { name: 'TypeError', message: /Did you mean "tconnect"\?$/ });
    assert.equal(untyped.profiles?.acme, undefined);
  });

  it('is no obstacle to logs, copies and clones', async () => {
    await using sandbox = await startSandbox();
    const { profiles } = sandbox;
    assert.deepEqual(Object.keys({ ...profiles }), ['tconnect', 'bizmail', 'cloudreve']);
    assert.equal(structuredClone(profiles).bizmail.baseUrl, sandbox.url);
    assert.match(JSON.stringify(profiles), /"tconnect":/);
    assert.match(inspect(sandbox, { depth: 3 }), /tconnect/);
    assert.equal(await Promise.resolve(sandbox), sandbox);
  });
});
