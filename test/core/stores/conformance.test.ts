import { after, describe } from 'node:test';
import { fileStore, memoryStore, type TokenStore } from '../../../core/index.ts';
import { testTokenStore } from '../../../core/stores/conformance.ts';
import { fencedStore } from '../../helpers/fenced-store.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** One store per name, as processes would find it. */
function shared(make: () => TokenStore): (name: string) => Promise<TokenStore> {
  const stores = new Map<string, TokenStore>();
  return (name) => {
    const store = stores.get(name) ?? make();
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
