import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isPartnerAuthError } from '../../../core/index.ts';
import { parseProfiles, type CheckedProfile, type SessionPool } from '../../../core/profiles/index.ts';
import { parseSecretRecord } from '../../../core/profiles/secret-record.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { openPool } from '../../helpers/open-pool.ts';
import { profileOf } from '../../helpers/profile-of.ts';
import { startProxy } from '../../helpers/start-proxy.ts';
import { catchError } from '../../helpers/with-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const mail = { id: 'mail', label: 'Mailer', partner: 'bizmail', baseUrl: 'https://mail.example' };
const nas = { ...mail, baseUrl: 'http://192.168.1.5:5212', allowHttp: true };

describe('a profile', () => {
  for (const [title, fields] of [
    ['a proxy', { proxy: 'http://proxy.example:3128' }],
    ['no proxy', { proxy: false }],
    ['a certificate and its key', { clientCertificate: { certFile: '/c.pem', keyFile: '/k.pem' } }],
    ['a PKCS#12 file', { clientCertificate: { pfxFile: '/c.pfx' } }],
    ['http to a private address', nas],
    ['http to a name', { ...nas, baseUrl: 'http://nas.local:5212' }],
  ] as const) {
    it(`can have ${title}`, () => {
      const { profiles, problems } = parseProfiles([{ ...mail, ...fields }]);
      assert.deepEqual([problems, profiles.length], [[], 1]);
    });
  }

  const secret = 'secret-of-pat';
  for (const [title, fields, field] of [
    ['credentials in the proxy', { proxy: `http://pat:${secret}@proxy.example:3128` }, 'proxy'],
    ['a user in the proxy', { proxy: 'http://pat@proxy.example:3128' }, 'proxy'],
    ['a proxy without a scheme', { proxy: 'proxy.example:3128' }, 'proxy'],
    ['another kind of proxy', { proxy: 'socks5://proxy.example' }, 'proxy'],
    ['a proxy with a port that is no number', { proxy: 'http://proxy.example:port' }, 'proxy'],
    ['true as proxy', { proxy: true }, 'proxy'],
    ['a proxy for what is not encrypted', { ...nas, proxy: 'http://proxy.example:3128' }, 'proxy'],
    ['http to a public address', { ...nas, baseUrl: 'http://8.8.8.8' }, 'allowHttp'],
    ['http without permission', { ...nas, allowHttp: false }, 'baseUrl'],
    ['a permission that is a text', { allowHttp: 'yes' }, 'allowHttp'],
    ['a certificate without its key', { clientCertificate: { certFile: '/c.pem' } }, 'clientCertificate'],
    ['a key without its certificate', { clientCertificate: { keyFile: '/k.pem' } }, 'clientCertificate'],
    [
      'both forms of a certificate',
      { clientCertificate: { certFile: '/c', keyFile: '/k', pfxFile: '/p' } },
      'clientCertificate',
    ],
    ['nothing in the certificate', { clientCertificate: {} }, 'clientCertificate'],
    ['a passphrase', { clientCertificate: { pfxFile: '/c.pfx', passphrase: secret } }, 'clientCertificate.passphrase'],
    ['a certificate itself', { clientCertificate: { cert: 'PEM' } }, 'clientCertificate.cert'],
  ] as const) {
    it(`cannot have ${title}, and the problem names ${field}`, () => {
      const { profiles, problems } = parseProfiles([{ ...mail, ...fields }]);
      assert.deepEqual([profiles.length, problems.map((problem) => problem.field)], [0, [field]]);
      assert.ok(!JSON.stringify(problems).includes(secret));
    });
  }
});

interface Fixture {
  readonly pool: SessionPool;
  readonly folder: string;
  readonly parse: (fields: object) => CheckedProfile;
}

async function withPool(sandbox: Sandbox, test: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const pool = openPool(folder.path);
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, sandbox.ca ?? '');
  const parse = (fields: object): CheckedProfile => {
    const { profiles, problems } = parseProfiles([
      { ...profileOf(sandbox, 'bizmail'), ...(sandbox.ca && { caFile }), ...fields },
    ]);
    const [profile] = profiles;
    assert.ok(profile, JSON.stringify(problems));
    return profile;
  };
  try {
    await test({ pool, folder: folder.path, parse });
  } finally {
    await pool.close();
  }
}

const passphrase = 'word-of-the-key';

/** Writes a valid client certificate, and its key encrypted. */
async function writeEncrypted(
  { clientCertificates }: Sandbox,
  folder: string,
): Promise<{ certFile: string; keyFile: string }> {
  const { cert, key } = clientCertificates?.valid ?? { cert: '', key: '' };
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, createPrivateKey(key).export(format));
  return files;
}

describe('the session of a profile', () => {
  it('uses its proxy with the credentials that are stored for it', async () => {
    await using sandbox = await startSandbox({ https: true });
    await using proxy = await startProxy({ credentials: 'pat:p@ss word' });
    const url = `http://127.0.0.1:${proxy.port}`;
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ proxy: url });
      const credentials = { ...sandbox.profiles.bizmail.credentials };
      await assert.rejects((await pool.open(profile)).login(credentials), { code: 'configuration', setting: 'proxy' });
      const proxyCredentials = { proxy: url, username: 'pat', password: 'p@ss word' };
      await (await pool.store(profile)).update((record) => ({ ...record, proxyCredentials }));
      await pool.release(profile);
      await (await pool.open(profile)).login(credentials);
      // The sign-in command opens it with the key that was just entered.
      await pool.signIn(
        profile,
        {},
        (record) => record,
        (session) => session.login(credentials),
      );
      assert.equal(sandbox.journal.length, 2);
    });
  });

  it('does not send the credentials of one proxy to another', async () => {
    await using sandbox = await startSandbox({ https: true });
    await using proxy = await startProxy();
    const url = `http://127.0.0.1:${proxy.port}`;
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ proxy: url });
      const proxyCredentials = { proxy: 'http://other.example', username: 'pat', password: 'word' };
      await (await pool.store(profile)).update((record) => ({ ...record, proxyCredentials }));
      await (await pool.open(profile)).login({ ...sandbox.profiles.bizmail.credentials });
      assert.deepEqual(
        proxy.requests.map(({ authorization }) => authorization),
        [undefined],
      );
    });
  });

  it('has its client certificate, with the passphrase that is stored', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    await withPool(sandbox, async ({ pool, folder, parse }) => {
      const profile = parse({ clientCertificate: await writeEncrypted(sandbox, folder) });
      await assert.rejects(pool.open(profile), { code: 'configuration', setting: 'clientCertificate.passphrase' });
      const change = { clientCertificatePassphrase: passphrase };
      await (await pool.store(profile)).update((record) => ({ ...record, ...change }));
      await (await pool.open(profile)).login({ ...sandbox.profiles.bizmail.credentials });
    });
  });

  it('is not opened if a file cannot be read', async () => {
    await using sandbox = await startSandbox({ https: true });
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ clientCertificate: { pfxFile: '/nowhere/client.pfx' } });
      const setting = 'clientCertificate.pfxFile';
      await assert.rejects(pool.open(profile), { code: 'configuration', setting, message: /\/nowhere\/client\.pfx/ });
    });
  });

  it('reads files whose paths are absolute or below the home folder', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    await withPool(sandbox, async ({ pool, folder, parse }) => {
      const { cert, key } = sandbox.clientCertificates?.valid ?? { cert: '', key: '' };
      await writeFile(join(folder, 'cert.pem'), cert);
      await writeFile(join(folder, 'key.pem'), key);
      const variables = ['HOME', 'USERPROFILE'] as const;
      const before = variables.map((name) => [name, process.env[name]] as const);
      for (const name of variables) process.env[name] = folder;
      try {
        const clientCertificate = { certFile: '~/cert.pem', keyFile: '~/key.pem' };
        const session = await pool.open(parse({ caFile: '~/ca.pem', clientCertificate }));
        await session.login({ ...sandbox.profiles.bizmail.credentials });
      } finally {
        for (const [name, value] of before) {
          if (value === undefined) Reflect.deleteProperty(process.env, name);
          else process.env[name] = value;
        }
      }
      for (const path of ['cert.pem', './cert.pem', '~cert.pem']) {
        const profile = parse({ clientCertificate: { certFile: path, keyFile: join(folder, 'key.pem') } });
        const setting = 'clientCertificate.certFile';
        await assert.rejects(pool.open(profile), { code: 'configuration', setting, message: /must be absolute/ });
      }
    });
  });

  it('names the file that holds no certificate, or none of its key', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    await withPool(sandbox, async ({ pool, folder, parse }) => {
      const { cert = '', key = '' } = sandbox.clientCertificates?.valid ?? {};
      const [certFile, keyFile, text] = [join(folder, 'cert'), join(folder, 'key'), join(folder, 'text')];
      await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key), writeFile(text, 'no certificate')]);
      for (const [clientCertificate, field, message] of [
        [{ certFile: text, keyFile }, 'certFile', /certFile must be a certificate in PEM form \([- A-Z]+\)\.$/],
        [{ certFile, keyFile: certFile }, 'keyFile', /keyFile must be a private key in PEM form/],
        [{ pfxFile: text }, 'pfxFile', /pfxFile is not a PKCS#12 file/],
      ] as const) {
        const setting = `clientCertificate.${field}`;
        await assert.rejects(pool.open(parse({ clientCertificate })), { code: 'configuration', setting, message });
      }
    });
  });

  it('reports that it is not encrypted, open or not', async () => {
    await using sandbox = await startSandbox();
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ baseUrl: 'http://192.168.1.5:5212', allowHttp: true });
      assert.equal(pool.status(profile).unencrypted, true);
      await pool.open(profile);
      assert.equal(pool.status(profile).unencrypted, true);
      assert.ok(!('unencrypted' in pool.status(parse({ caFile: '/ca.pem' }))));
      const withApi = { baseUrl: 'https://nas.example', apiUrl: 'http://192.168.1.5:5212', allowHttp: true };
      assert.equal(pool.status(parse(withApi)).unencrypted, true);
    });
  });

  it('does not report what is sent to this machine as unencrypted', async () => {
    await using sandbox = await startSandbox();
    await withPool(sandbox, async ({ pool, parse }) => {
      for (const host of ['127.0.0.1', '127.8.0.1', 'localhost', '[::1]']) {
        const profile = parse({ baseUrl: `http://${host}:5212`, allowHttp: true });
        assert.ok(!('unencrypted' in pool.status(profile)), host);
        await pool.open(profile);
        assert.ok(!('unencrypted' in pool.status(profile)), host);
      }
    });
  });

  it('says how to enter the user and password of its proxy, which are not in its settings', async () => {
    await using sandbox = await startSandbox({ https: true });
    await using proxy = await startProxy({ credentials: 'pat:p@ss word' });
    const url = `http://127.0.0.1:${proxy.port}`;
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ proxy: url });
      const login = async (): Promise<void> =>
        (await pool.open(profile)).login({ ...sandbox.profiles.bizmail.credentials });
      const advice = /sign in to enter them.*`partner-auth login`.*PARTNER_AUTH_PROXY_PASSWORD/;
      for (const problem of [
        /requires a user and password \(HTTP 407\)/,
        /refused the user and password of the profile/,
      ]) {
        const error = await catchError(login());
        assert.ok(isPartnerAuthError(error));
        assert.equal(error.setting, 'proxy');
        assert.match(error.message, problem);
        assert.match(error.message, advice);
        assert.doesNotMatch(error.message, /user:password|`proxy`/);
        const proxyCredentials = { proxy: url, username: 'pat', password: 'wrong' };
        await (await pool.store(profile)).update((record) => ({ ...record, proxyCredentials }));
        await pool.release(profile);
      }
    });
  });

  it('says how to enter the passphrase of its certificate, which is not in its settings', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    await withPool(sandbox, async ({ pool, folder, parse }) => {
      const profile = parse({ clientCertificate: await writeEncrypted(sandbox, folder) });
      for (const problem of [/is missing: the key is encrypted/, /is wrong: the key cannot be decrypted/]) {
        const error = await catchError(pool.open(profile));
        assert.ok(isPartnerAuthError(error));
        assert.match(error.message, problem);
        assert.match(error.message, /sign in to enter it.*`partner-auth login`.*PARTNER_AUTH_PASSPHRASE/);
        const clientCertificatePassphrase = 'wrong';
        await (await pool.store(profile)).update((record) => ({ ...record, clientCertificatePassphrase }));
      }
    });
  });

  it('keeps the secrets of its proxy and certificate when it moves to another server, and no others', async () => {
    await using sandbox = await startSandbox({ https: true });
    await withPool(sandbox, async ({ pool, parse }) => {
      const proxyCredentials = { proxy: 'http://127.0.0.1:9', username: 'pat', password: 'p@ss word' };
      const kept = { proxyCredentials, clientCertificatePassphrase: passphrase };
      const others = { key: 'key', iv: 'iv', clientSecret: 'S3cret', credentials: { username: 'pat' } };
      await (await pool.store(parse({}))).update((record) => ({ ...record, ...kept, ...others }));
      const moved = parse({ baseUrl: 'https://other.example' });
      const store = await pool.store(moved);
      assert.deepEqual(await store.secrets(), { version: 1, origin: moved.origin, ...kept });
      await store.clear();
      await store.update((record) => ({ ...record, key: 'other' }));
      assert.deepEqual(await store.secrets(), { version: 1, origin: moved.origin, ...kept, key: 'other' });
    });
  });
});

describe('a probe for a profile', () => {
  const { signal } = new AbortController();

  it('uses its proxy with the credentials that are stored for it', async () => {
    await using sandbox = await startSandbox({ https: true });
    await using proxy = await startProxy({ credentials: 'pat:p@ss word' });
    const url = `http://127.0.0.1:${proxy.port}`;
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ proxy: url });
      const connection = { partner: 'bizmail', baseUrl: sandbox.url } as const;
      const refused = await pool.probe(connection, signal, profile);
      assert.deepEqual(refused.kind === 'failed' && refused.error.setting, 'proxy');
      const proxyCredentials = { proxy: url, username: 'pat', password: 'p@ss word' };
      await (await pool.store(profile)).update((record) => ({ ...record, proxyCredentials }));
      assert.equal((await pool.probe(connection, signal, profile)).kind, 'partner');
      assert.equal(sandbox.journal.length, 1);
      assert.equal(proxy.requests.length, 2);
    });
  });

  it('has its client certificate, with the passphrase that is stored', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    await withPool(sandbox, async ({ pool, folder, parse }) => {
      const profile = parse({ clientCertificate: await writeEncrypted(sandbox, folder) });
      const connection = { partner: 'bizmail', baseUrl: sandbox.url } as const;
      const setting = 'clientCertificate.passphrase';
      const missing = await pool.probe(connection, signal, profile);
      assert.deepEqual(missing.kind === 'failed' && missing.error.setting, setting);
      const change = { clientCertificatePassphrase: passphrase };
      await (await pool.store(profile)).update((record) => ({ ...record, ...change }));
      assert.equal((await pool.probe(connection, signal, profile)).kind, 'partner');
    });
  });

  it('sends nothing without TLS through a proxy', async () => {
    await using sandbox = await startSandbox({ https: true });
    await withPool(sandbox, async ({ pool, parse }) => {
      const profile = parse({ proxy: 'http://proxy.example:3128' });
      for (const connection of [
        { partner: 'bizmail', baseUrl: 'http://127.0.0.1:9' },
        { partner: 'bizmail', baseUrl: 'http://192.168.1.5', allowHttp: true },
      ] as const) {
        const result = await pool.probe(connection, signal, profile);
        assert.deepEqual(result.kind === 'failed' && [result.error.code, result.error.setting], [
          'configuration',
          'proxy',
        ]);
      }
    });
  });
});

describe('a secret record', () => {
  for (const change of [
    { proxyCredentials: 'pat:word' },
    { proxyCredentials: { username: 'pat' } },
    { clientCertificatePassphrase: 1 },
  ]) {
    it(`is invalid with ${JSON.stringify(change)}`, () => {
      const text = JSON.stringify({ version: 1, origin: 'https://mail.example', ...change });
      assert.equal(parseSecretRecord(text).kind, 'invalid');
    });
  }
});
