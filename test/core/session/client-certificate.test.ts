import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import forge from 'node-forge';
import { openSession, PartnerAuthError, type ClientCertificate } from '../../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxClientCertificate } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { startProxy } from '../../helpers/start-proxy.ts';
import { catchError } from '../../helpers/with-session.ts';
import { startServer } from '../transport/test-servers.ts';

const passphrase = 'word-of-the-key';

function certificatesOf({ clientCertificates }: Sandbox): NonNullable<Sandbox['clientCertificates']> {
  assert.ok(clientCertificates);
  return clientCertificates;
}

function pfxOf({ cert, key }: SandboxClientCertificate, password: string): Uint8Array {
  const { pki, pkcs12, asn1 } = forge;
  const file = pkcs12.toPkcs12Asn1(pki.privateKeyFromPem(key), [pki.certificateFromPem(cert)], password, {
    algorithm: 'aes256',
  });
  return Buffer.from(asn1.toDer(file).getBytes(), 'binary');
}

function encrypted({ cert, key }: SandboxClientCertificate): SandboxClientCertificate {
  const pem = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  return { cert, key: pem.toString() };
}

/** About one wrong passphrase of 200 leaves a padding that is valid by chance. */
function undetectedPassphrase(key: string): string {
  for (let number = 0; number < 20_000; number++) if (isUndetected(key, `wrong-${number}`)) return `wrong-${number}`;
  throw new Error('No such passphrase was found.');
}

function isUndetected(key: string, wrong: string): boolean {
  try {
    createPrivateKey({ key, passphrase: wrong });
  } catch (error) {
    return (error as { code?: string }).code !== 'ERR_OSSL_BAD_DECRYPT';
  }
  throw new Error('The passphrase is right.');
}

function ecKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function loginError(
  choose: (sandbox: Sandbox) => ClientCertificate | undefined,
  globalAgent: boolean,
): Promise<PartnerAuthError> {
  await using sandbox = await startSandbox({ https: true, clientCertificate: true });
  const profile = sandbox.profiles.bizmail;
  await using session = await openSession({ ...profile, clientCertificate: choose(sandbox), globalAgent });
  const error = await catchError(session.login({ ...profile.credentials }));
  assert.ok(error instanceof PartnerAuthError);
  assert.equal(sandbox.journal.length, 0);
  return error;
}

for (const globalAgent of [false, true]) {
  describe(`a client certificate with ${globalAgent ? 'the global agents' : "the session's own agents"}`, () => {
    const forms: readonly (readonly [string, (valid: SandboxClientCertificate) => ClientCertificate])[] = [
      ['as PEM', (valid) => valid],
      ['as bytes', ({ cert, key }) => ({ cert: Buffer.from(cert), key: new Uint8Array(Buffer.from(key)) })],
      ['with an encrypted key', (valid) => ({ ...encrypted(valid), passphrase })],
      ['as PKCS#12', (valid) => ({ pfx: new Uint8Array(pfxOf(valid, passphrase)), passphrase })],
    ];
    for (const [title, form] of forms) {
      it(`signs in ${title}`, async () => {
        await using sandbox = await startSandbox({ https: true, clientCertificate: true });
        const profile = sandbox.profiles.bizmail;
        const clientCertificate = form(certificatesOf(sandbox).valid);
        await using session = await openSession({ ...profile, clientCertificate, globalAgent });
        await session.login({ ...profile.credentials });
        await session.refresh();
        assert.ok(!inspect(session, { depth: 9 }).includes('PRIVATE KEY'));
      });
    }

    it('is asked for if it is missing', async () => {
      const error = await loginError(() => undefined, globalAgent);
      assert.deepEqual([error.code, error.setting, error.retryable], ['tls', 'clientCertificate', false]);
      assert.match(error.message, /it requires a client certificate; pass one as `clientCertificate`/);
    });

    it('is named if it has expired', async () => {
      const error = await loginError((sandbox) => certificatesOf(sandbox).expired, globalAgent);
      assert.deepEqual([error.code, error.setting, error.retryable], ['tls', 'clientCertificate', false]);
      assert.match(error.message, /the certificate in `clientCertificate` has expired \(valid to .* GMT\)/);
    });

    it('is not named if the response has begun before the connection broke or the time was over', async () => {
      for (const [fault, timeout, code, message] of [
        ['halfResponse', 30_000, 'network', /^The response of .* is incomplete: the connection broke\.$/],
        ['drip', 2_000, 'timeout', /did not send all of its response in time/],
      ] as const) {
        await using sandbox = await startSandbox({ https: true, clientCertificate: true });
        sandbox.fail(fault, { call: 'login' });
        const profile = sandbox.profiles.bizmail;
        const clientCertificate = certificatesOf(sandbox).valid;
        await using session = await openSession({ ...profile, clientCertificate, globalAgent, timeout });
        const error = await catchError(session.login({ ...profile.credentials }));
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting], [code, undefined]);
        assert.match(error.message, message);
      }
    });

    it('is named if the partner may not accept it', async () => {
      const error = await loginError((sandbox) => certificatesOf(sandbox).unknown, globalAgent);
      assert.match(error.message, /not accept the certificate in `clientCertificate`/);
    });
  });
}

describe('a client certificate', () => {
  it('is sent through a proxy to the partner, and not to the proxy', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    const { processCertificates } = await import('../../../core/sandbox/certificates.ts');
    const { valid } = await processCertificates();
    const profile = sandbox.profiles.bizmail;
    const certificates: object[] = [];
    await using proxy = await startProxy({
      tls: { ...(valid as { key: string; cert: string }), requestCert: true, rejectUnauthorized: false },
      onCertificate: (certificate) => certificates.push(certificate),
    });
    await using session = await openSession({ ...profile, proxy: proxy.url });
    await session.login({ ...profile.credentials });
    assert.deepEqual([certificates, proxy.requests.length], [[{}], 1]);
  });

  const wrong: readonly (readonly [string, (valid: SandboxClientCertificate, other: string) => unknown, string])[] = [
    ['a text', () => 'certificate', 'clientCertificate'],
    ['null', () => null, 'clientCertificate'],
    ['nothing in it', () => ({}), 'clientCertificate'],
    ['no key', ({ cert }) => ({ cert }), 'clientCertificate.key'],
    ['no certificate', ({ key }) => ({ key }), 'clientCertificate.cert'],
    ['the path of a certificate', ({ key }) => ({ cert: '/tmp/cert.pem', key }), 'clientCertificate.cert'],
    ['a certificate as key', ({ cert }) => ({ cert, key: cert }), 'clientCertificate.key'],
    ['a key of another certificate', ({ cert }, other) => ({ cert, key: other }), 'clientCertificate.key'],
    ['a key of another kind', ({ cert }) => ({ cert, key: ecKey() }), 'clientCertificate.key'],
    ['a certificate that is cut off', ({ cert, key }) => ({ cert: cert.slice(0, 400), key }), 'clientCertificate'],
    ['both forms', (valid) => ({ ...valid, pfx: Buffer.from('x') }), 'clientCertificate'],
    ['a passphrase that is a number', (valid) => ({ ...valid, passphrase: 1 }), 'clientCertificate.passphrase'],
    ['null as passphrase', (valid) => ({ ...valid, passphrase: null }), 'clientCertificate.passphrase'],
    ['no passphrase for an encrypted key', (valid) => encrypted(valid), 'clientCertificate.passphrase'],
    [
      'no passphrase for a key that an empty one decrypts to other bytes',
      (valid) => {
        for (let count = 0; count < 20_000; count++) {
          const { cert, key } = encrypted(valid);
          if (isUndetected(key, '')) return { cert, key };
        }
        throw new Error('No such key was found.');
      },
      'clientCertificate.passphrase',
    ],
    [
      'a wrong passphrase',
      (valid) => ({ ...encrypted(valid), passphrase: 'wrong-word' }),
      'clientCertificate.passphrase',
    ],
    [
      'a wrong passphrase that decrypts the key to other bytes',
      (valid) => {
        const { cert, key } = encrypted(valid);
        return { cert, key, passphrase: undetectedPassphrase(key) };
      },
      'clientCertificate.passphrase',
    ],
    [
      'a certificate that is cut off, with the passphrase of its key',
      (valid) => ({ ...encrypted(valid), cert: valid.cert.slice(0, 400), passphrase }),
      'clientCertificate',
    ],
    ['a path as PKCS#12', () => ({ pfx: '/tmp/client.pfx' }), 'clientCertificate.pfx'],
    ['other bytes as PKCS#12', () => ({ pfx: Buffer.from('other bytes') }), 'clientCertificate.pfx'],
    ['no passphrase for PKCS#12', (valid) => ({ pfx: pfxOf(valid, passphrase) }), 'clientCertificate.passphrase'],
    [
      'a wrong one',
      (valid) => ({ pfx: pfxOf(valid, passphrase), passphrase: 'wrong-word' }),
      'clientCertificate.passphrase',
    ],
  ];
  for (const [title, form, setting] of wrong) {
    it(`is refused with ${title} before anything is sent`, async () => {
      await using sandbox = await startSandbox({ https: true, clientCertificate: true });
      const { processCertificates } = await import('../../../core/sandbox/certificates.ts');
      const other = (await processCertificates()).valid.key as string;
      const clientCertificate = form(certificatesOf(sandbox).valid, other) as ClientCertificate;
      await assert.rejects(openSession({ ...sandbox.profiles.bizmail, clientCertificate }), (error: Error) => {
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting], ['configuration', setting]);
        assert.ok(!inspect(error).includes(passphrase) && !inspect(error).includes('wrong-word'));
        return true;
      });
    });
  }

  it('with an unknown field is a TypeError that names it', async () => {
    const clientCertificate = { certificate: 'x' } as unknown as ClientCertificate;
    const options = { partner: 'bizmail', baseUrl: 'https://partner.example', clientCertificate } as const;
    await assert.rejects(
      openSession(options),
      (error) => error instanceof TypeError && error.message.includes('certificate'),
    );
  });
});

/** As nginx with `ssl_verify_client on`, which completes the handshake and responds with a page. */
function nginxPage(title: string): string {
  return `<html>\r\n<head><title>400 ${title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>${title}</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
}

describe('the page of a web server that requires a client certificate', () => {
  const missing = nginxPage('No required SSL certificate was sent');
  const refused = nginxPage('The SSL certificate error');
  const rows: readonly (readonly [
    title: string,
    status: number,
    page: string,
    kind: keyof NonNullable<Sandbox['clientCertificates']> | undefined,
    message: RegExp,
  ])[] = [
    ['is missing', 400, missing, undefined, /requires a client certificate; pass one as `clientCertificate`/],
    ['has expired', 400, refused, 'expired', /the certificate in `clientCertificate` has expired \(valid to /],
    ['is not accepted', 400, refused, 'unknown', /does not accept the certificate in `clientCertificate`/],
    ['is not accepted, with a page of its own', 495, 'No.', 'unknown', /does not accept the certificate/],
    ['is missing, with a page of its own', 496, '', undefined, /requires a client certificate/],
  ];
  for (const [title, status, page, kind, message] of rows) {
    it(`is a tls error that says that the certificate ${title}`, async () => {
      await using sandbox = await startSandbox({ https: true, clientCertificate: true });
      const { processCertificates } = await import('../../../core/sandbox/certificates.ts');
      const { valid, ca } = await processCertificates();
      const { key, cert } = valid as { key: string; cert: string };
      await using server = await startServer((_request, response) => response.writeHead(status).end(page), {
        key,
        cert,
        requestCert: true,
        rejectUnauthorized: false,
      });
      const clientCertificate = kind && certificatesOf(sandbox)[kind];
      await using session = await openSession({ partner: 'bizmail', baseUrl: server.url, ca, clientCertificate });
      for (let call = 1; call <= 2; call++) {
        const error = await catchError(session.login({ username: 'pat', password: 'word-of-pat' }));
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual(
          [error.code, error.setting, error.retryable, error.status],
          ['tls', 'clientCertificate', false, status],
        );
        assert.match(error.message, message);
      }
    });
  }

  it('is a response like any other without TLS', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /orders', (response) => response.writeHead(400, { 'content-type': 'text/html' }).end(missing));
      assert.equal((await session.request('/orders')).text, missing);
    }));
});

describe('a sandbox that requires a client certificate', () => {
  it('requires https', async () => {
    await assert.rejects(startSandbox({ clientCertificate: true }), TypeError);
  });

  it('requires it also after its own certificate has changed', async () => {
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    sandbox.set({ certificate: 'expired' });
    sandbox.set({ certificate: 'valid' });
    const { clientCertificate: _, ...profile } = sandbox.profiles.bizmail;
    await using session = await openSession(profile);
    await assert.rejects(session.login({ ...sandbox.profiles.bizmail.credentials }), { setting: 'clientCertificate' });
  });
});
