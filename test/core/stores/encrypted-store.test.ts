import assert from 'node:assert/strict';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  encryptedStore,
  fileStore,
  memoryStore,
  openSession,
  PartnerAuthError,
  type EncryptedRecord,
  type EncryptedStoreOptions,
  type StoredRecord,
  type TokenStore,
} from '../../../core/index.ts';
import { testTokenStore } from '../../../core/stores/conformance.ts';
import { fencedStore } from '../../helpers/fenced-store.ts';
import { storedSession } from '../../helpers/stored-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const [first, second] = [randomBytes(32), randomBytes(32)];
const keys = [{ id: 'k1', key: first }];
const name = 'acme';

describe('the encrypted store over files', async () => {
  const folder = await temporaryFolder();
  after(() => folder[Symbol.asyncDispose]());
  testTokenStore((file) =>
    Promise.resolve(encryptedStore(fileStore(folder.file(`${file}/session.json`)), { name: file, keys })),
  );
});

describe('the encrypted store over a store with fences', () => {
  const stores = new Map<string, TokenStore>();
  testTokenStore(
    (store) => {
      const inner = stores.get(store) ?? fencedStore();
      stores.set(store, inner);
      return Promise.resolve(encryptedStore(inner, { name: store, keys }));
    },
    { holdFor: 100 },
  );
});

/** The record in a memory store that was written through an encrypted one. */
async function written(record: StoredRecord = storedSession): Promise<{ inner: TokenStore; stored: EncryptedRecord }> {
  const inner = memoryStore();
  await encryptedStore(inner, { name, keys }).write(record);
  const stored = await inner.read();
  assert.ok(stored !== undefined && 'encrypted' in stored);
  return { inner, stored };
}

/** The error of a read, which leaves the store unchanged. */
async function readError(stored: unknown, options: Partial<EncryptedStoreOptions> = {}): Promise<PartnerAuthError> {
  const inner = memoryStore();
  await inner.write(stored as StoredRecord);
  const error = await encryptedStore(inner, { name, keys, ...options })
    .read()
    .then(
      () => assert.fail('The record was read.'),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof PartnerAuthError);
  assert.equal(error.code, 'store');
  assert.equal(error.retryable, false);
  assert.deepEqual(await inner.read(), stored);
  return error;
}

describe('an encrypted record', () => {
  it('has the documented form, which any program with the key can decrypt', async () => {
    const { stored } = await written();
    assert.deepEqual(Object.keys(stored), ['version', 'encrypted', 'generation']);
    const { keyId, iv, tag, data } = stored.encrypted;
    assert.deepEqual([stored.version, keyId, stored.generation], [2, 'k1', 1]);
    const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', first, bytes(iv)).setAAD(Buffer.from('["acme",2,1]'));
    decipher.setAuthTag(bytes(tag));
    assert.deepEqual(
      JSON.parse(`${decipher.update(bytes(data)).toString()}${decipher.final().toString()}`),
      storedSession,
    );
  });

  it('has another IV each time', async () => {
    const [one, other] = [await written(), await written()];
    assert.notEqual(one.stored.encrypted.iv, other.stored.encrypted.iv);
    assert.notEqual(one.stored.encrypted.data, other.stored.encrypted.data);
  });

  it('shows a sign-out, so that the file store removes its other copies', async () => {
    await using folder = await temporaryFolder();
    const store = encryptedStore(fileStore(folder.file('session.json')), { name, keys });
    await store.write(storedSession);
    await store.write({ ...storedSession, generation: 2 });
    assert.deepEqual((await readdir(folder.path)).sort(), ['session.json', 'session.json.previous']);
    await store.write({ version: 1, signedOutAt: 1_700_000_000_000 });
    assert.deepEqual(await readdir(folder.path), ['session.json']);
    const stored = JSON.parse(await readFile(folder.file('session.json'), 'utf8')) as EncryptedRecord;
    assert.deepEqual([stored.generation, stored.signedOutAt], [0, 1_700_000_000_000]);
  });

  it('shows no token, in no file of the file store', async () => {
    await using folder = await temporaryFolder();
    const store = encryptedStore(fileStore(folder.file('session.json')), { name, keys });
    await store.write({ ...storedSession, account: 'ann@example.com' });
    await store.write({ ...storedSession, account: 'ann@example.com', generation: 2 });
    for (const file of await readdir(folder.path))
      assert.doesNotMatch(await readFile(folder.file(file), 'utf8'), /token-1|ann|bizmail|partner\.example/);
  });

  it('is restored from the previous generation if its file is damaged', async () => {
    await using folder = await temporaryFolder();
    const path = folder.file('session.json');
    const store = encryptedStore(fileStore(path), { name, keys });
    await store.write(storedSession);
    await store.write({ ...storedSession, generation: 2 });
    await writeFile(path, '{"version":2,"encrypted":{');
    await assert.rejects(store.read(), { code: 'store', message: /damaged.*previous generation was restored/ });
    assert.deepEqual(await store.read(), storedSession);
  });
});

describe('an encrypted store refuses, with a sentence and without a change,', () => {
  const changed = (
    stored: EncryptedRecord,
    part: keyof EncryptedRecord['encrypted'],
    text: string,
  ): EncryptedRecord => ({
    ...stored,
    encrypted: { ...stored.encrypted, [part]: text },
  });

  it('a record of a key that it does not have', async () => {
    const { stored } = await written();
    const { message } = await readError(stored, { keys: [{ id: 'k2', key: first }] });
    assert.match(message, /"acme" is encrypted with the key "k1", which is not in the option keys \("k2"\)/);
  });

  const cannotDecrypt = /"acme" could not be decrypted with the key "k1".*It was left unchanged/;

  it('a record of another key with the same id', async () => {
    const { stored } = await written();
    const { message } = await readError(stored, { keys: [{ id: 'k1', key: second }] });
    assert.match(message, cannotDecrypt);
  });

  it('a record that was moved to another name', async () => {
    const { stored } = await written();
    const { message } = await readError(stored, { name: 'other' });
    assert.match(message, /"other" could not be decrypted/);
  });

  it('a record whose generation, ciphertext, IV or tag was changed', async () => {
    const { stored } = await written();
    const { iv, tag, data } = stored.encrypted;
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
      return bytes.toString('base64');
    };
    const records = [
      { ...stored, generation: 2 },
      changed(stored, 'data', flipped(data)),
      changed(stored, 'iv', flipped(iv)),
      changed(stored, 'tag', flipped(tag)),
      changed(stored, 'tag', Buffer.from(tag, 'base64').subarray(0, 4).toString('base64')),
      changed(stored, 'tag', '!'),
      changed(stored, 'iv', '!'),
    ];
    for (const record of records) assert.match((await readError(record)).message, cannotDecrypt);
  });

  it('a session to which a sign-out was added, and a sign-out whose time was changed or removed', async () => {
    const { stored } = await written();
    const { stored: signedOut } = await written({ version: 1, signedOutAt: 1 });
    const { signedOutAt: _, ...without } = signedOut;
    for (const record of [{ ...stored, signedOutAt: 1 }, { ...signedOut, signedOutAt: 2 }, without])
      assert.match((await readError(record)).message, /its sign-out was added or removed/);
  });

  it('a record that is not encrypted', async () => {
    const { message } = await readError(storedSession);
    assert.match(
      message,
      /"acme" is stored without encryption.*read it from the store inside and write it with this one/,
    );
  });

  it('a record of a newer version, outside or inside of the encryption', async () => {
    const inside = (await written({ ...storedSession, version: 9 } as unknown as StoredRecord)).stored;
    for (const record of [{ version: 9, encrypted: { sealed: 'x' } }, inside])
      assert.match((await readError(record)).message, /newer version of Partner Auth \(record version 9/);
  });

  it('so that no session opens, and no sign-in replaces what cannot be read', async () => {
    const { inner, stored } = await written();
    const store = encryptedStore(inner, { name, keys: [{ id: 'k2', key: second }] });
    await assert.rejects(openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', store }), {
      code: 'store',
      message: /key "k1"/,
    });
    assert.deepEqual(await inner.read(), stored);
  });
});

describe('the keys of an encrypted store', () => {
  it('rotate: a new first key reads what the old one wrote, and encrypts the next write', async () => {
    const { inner } = await written();
    const rotated = encryptedStore(inner, {
      name,
      keys: [
        { id: 'k2', key: second },
        { id: 'k1', key: first },
      ],
    });
    const record = await rotated.read();
    assert.deepEqual(record, storedSession);
    await rotated.write({ ...storedSession, generation: 2 });
    const without = encryptedStore(inner, { name, keys: [{ id: 'k2', key: second }] });
    assert.deepEqual(await without.read(), { ...storedSession, generation: 2 });
  });

  it('may be bytes, hex, base64 or base64url', async () => {
    const { inner } = await written();
    const forms = [
      new Uint8Array(first),
      first.toString('hex'),
      first.toString('hex').toUpperCase(),
      first.toString('base64'),
      first.toString('base64').replace('=', ''),
      first.toString('base64url'),
      `${first.toString('base64')}\n`,
    ];
    for (const key of forms)
      assert.deepEqual(await encryptedStore(inner, { name, keys: [{ id: 'k1', key }] }).read(), storedSession);
  });

  it('are copied: a buffer that is erased later changes nothing', async () => {
    const key = Buffer.from(first);
    const inner = memoryStore();
    const store = encryptedStore(inner, { name, keys: [{ id: 'k1', key }] });
    key.fill(0);
    await store.write(storedSession);
    assert.deepEqual(await encryptedStore(inner, { name, keys }).read(), storedSession);
  });

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['no keys', { name, keys: [] }, 'keys'],
    ['keys that are no list', { name, keys: 'k1' }, 'keys'],
    ['a key without an id', { name, keys: [{ key: first }] }, 'keys.0.id'],
    ['an id with a line break', { name, keys: [{ id: 'a\nb', key: first }] }, 'keys.0.id'],
    ['two keys with one id', { name, keys: [...keys, ...keys] }, 'keys.1.id'],
    ['a key of 31 bytes', { name, keys: [{ id: 'a', key: first.subarray(1) }] }, 'keys.0.key'],
    ['a second key of 16 bytes', { name, keys: [...keys, { id: 'a', key: second.subarray(16) }] }, 'keys.1.key'],
    ['63 hex digits', { name, keys: [{ id: 'a', key: first.toString('hex').slice(1) }] }, 'keys.0.key'],
    ['a passphrase', { name, keys: [{ id: 'a', key: 'correct horse battery staple' }] }, 'keys.0.key'],
    ['no key', { name, keys: [{ id: 'a' }] }, 'keys.0.key'],
    ['no name', { keys }, 'name'],
    ['an empty name', { name: '', keys }, 'name'],
  ];
  for (const [what, options, setting] of refused) {
    it(`${what}: an error that names ${setting} and shows no key`, () =>
      assert.throws(
        () => encryptedStore(memoryStore(), options as EncryptedStoreOptions),
        (error) => {
          assert.ok(error instanceof PartnerAuthError);
          assert.deepEqual([error.code, error.setting], ['configuration', setting]);
          assert.ok(error.message.includes(setting));
          assert.doesNotMatch(error.message, /horse/);
          assert.ok(!error.message.includes(first.toString('hex').slice(1)));
          return true;
        },
      ));
  }

  it('a misspelled option or something that is no store is a TypeError', () => {
    assert.throws(
      () => encryptedStore(memoryStore(), { name, key: first } as unknown as EncryptedStoreOptions),
      TypeError,
    );
    assert.throws(() => encryptedStore({} as TokenStore, { name, keys }), TypeError);
  });

  it('are visible neither in the store nor in a session that uses it', async () => {
    const store = encryptedStore(memoryStore(), { name, keys });
    await using session = await openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', store });
    const shown = [store, session].map((value) => inspect(value, { depth: Infinity, showHidden: true })).join('\n');
    for (const form of ['hex', 'base64'] as const) assert.ok(!shown.includes(first.toString(form)));
    assert.ok(!shown.includes(inspect(first).slice(8, 30)));
  });

  it('are hidden in the log of a session that uses the store', async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { name, keys });
    const { promise: line, resolve: log } = Promise.withResolvers<string>();
    await using session = await openSession({
      partner: 'bizmail',
      baseUrl: 'https://partner.example',
      store,
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const forms = (['hex', 'base64'] as const).map((form) => first.toString(form));
    store.read = () => Promise.reject(new PartnerAuthError('store', `No ${forms.join(', ')}.`, { retryable: false }));
    // Notifies the session of a change.
    await inner.clear();
    assert.match(await line, /^No \S+, \S+\.$/);
    for (const form of forms) assert.ok(!(await line).includes(form));
    assert.equal(session.status.phase, 'signedOut');
  });
});

describe('a plain session file', () => {
  it('of version 1 is read as before, next to encrypted ones', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await store.write(storedSession);
    assert.deepEqual(await store.read(), storedSession);
  });

  it('is encrypted by a read inside and a write outside, twice to replace the previous generation', async () => {
    await using folder = await temporaryFolder();
    const inner = fileStore(folder.file('session.json'));
    await inner.write(storedSession);
    const store = encryptedStore(inner, { name, keys });
    await store.lock(async (held) => {
      const record = await inner.read();
      assert.ok(record !== undefined);
      await store.write(record, { held });
      await store.write(record, { held });
    });
    for (const file of await readdir(folder.path))
      assert.doesNotMatch(await readFile(folder.file(file), 'utf8'), /token-1/);
    assert.deepEqual(await store.read(), storedSession);
  });
});

describe('a session whose store is encrypted, but opened without encryptedStore()', () => {
  it('is refused with the id of the key, and left unchanged', async () => {
    const { inner, stored } = await written();
    await assert.rejects(openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', store: inner }), {
      code: 'store',
      retryable: false,
      message: /encrypted session \(key "k1"\).*encryptedStore\(\)/,
    });
    assert.deepEqual(await inner.read(), stored);
  });
});
