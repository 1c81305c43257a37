import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileStore, memoryStore, type TokenStore } from '../../../core/index.ts';
import { testTokenStore } from '../../../core/stores/conformance.ts';
import { defects } from '../../helpers/defective-stores.ts';
import { fencedStore } from '../../helpers/fenced-store.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** Returns the same store for the same name, as several processes would open it. */
function shared(create: () => TokenStore): (name: string) => Promise<TokenStore> {
  const stores = new Map<string, TokenStore>();
  return (name) => {
    const store = stores.get(name) ?? create();
    stores.set(name, store);
    return Promise.resolve(store);
  };
}

describe('the memory store', () => testTokenStore(shared(memoryStore), { holdFor: 100 }));

describe('a store whose locks are leases with fences', () => testTokenStore(shared(fencedStore), { holdFor: 100 }));

describe('the file store', async () => {
  const folder = await temporaryFolder();
  after(() => folder[Symbol.asyncDispose]());
  testTokenStore((name) => Promise.resolve(fileStore(folder.file(`${name}/session.json`))));
});

describe('the conformance suite finds', () => {
  const failed = new Map<string, string[]>();

  before(async () => {
    const file = fileURLToPath(new URL('../../helpers/defective-stores.ts', import.meta.url));
    const { stdout } = await runProgram(process.execPath, ['--test-reporter=tap', file, 'run']);
    let defect = '';
    for (const line of stdout.split('\n')) {
      defect = /^# Subtest: (.+)$/.exec(line)?.[1] ?? defect;
      const test = /^ {8}not ok \d+ - (.+)$/.exec(line)?.[1];
      if (test !== undefined) failed.set(defect, [...(failed.get(defect) ?? []), test]);
    }
  });

  for (const [defect, { foundBy }] of Object.entries(defects))
    it(defect, () => assert.ok(failed.get(defect)?.some((test) => test.startsWith(foundBy))));
});
