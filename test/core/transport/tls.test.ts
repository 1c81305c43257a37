import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, globalAgent } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as tls from 'node:tls';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { isPartnerAuthError } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { createClient, expectFailure, expectResponse, startServer } from './test-servers.ts';

const day = 86_400_000;

function selfSigned(): { key: string; cert: string } {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - day);
  certificate.validity.notAfter = new Date(Date.now() + day);
  const name = [{ name: 'commonName', value: 'self-signed' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]);
  certificate.sign(forge.pki.privateKeyFromPem(pair.privateKey), forge.md.sha256.create());
  return { key: pair.privateKey, cert: forge.pki.certificateToPem(certificate) };
}

for (const globalAgent of [false, true]) {
  describe(`transport over TLS with ${globalAgent ? "Node's global agent" : 'its own agents'}`, () => {
    it("trusts the sandbox with the PEM of the sandbox's authority", async () => {
      await using sandbox = await startSandbox({ https: true });
      using client = createClient({ ca: sandbox.ca, globalAgent });
      assert.equal(expectResponse(await client.post(sandbox.url)).status, 404);
    });

    it('trusts one authority of several', async () => {
      await using sandbox = await startSandbox({ https: true });
      using client = createClient({ ca: `${selfSigned().cert}\n${sandbox.ca ?? ''}`, globalAgent });
      assert.equal(expectResponse(await client.post(sandbox.url)).status, 404);
    });

    it('does not trust an unknown authority and asks for its PEM', async () => {
      await using sandbox = await startSandbox({ https: true });
      using client = createClient({ globalAgent });
      const { error, mayHaveArrived } = expectFailure(await client.post(sandbox.url));
      assert.equal(error.code, 'tls');
      assert.match(error.message, /PEM of .* authority as `ca`/);
      assert.equal(error.retryable, false);
      assert.equal(mayHaveArrived, false);
      assert.equal(sandbox.journal.length, 0);
    });

    it('trusts a self-signed certificate only if it is given as ca', async () => {
      const tls = selfSigned();
      await using server = await startServer((_, response) => response.end('{}'), tls);
      using untrusting = createClient({ globalAgent });
      const { error } = expectFailure(await untrusting.post(server.url));
      assert.equal(error.code, 'tls');
      assert.match(error.message, /self-signed/);
      assert.equal(server.received.length, 0);
      using trusting = createClient({ ca: tls.cert, globalAgent });
      assert.equal(expectResponse(await trusting.post(server.url)).body, '{}');
    });

    for (const [certificate, message] of [
      ['expired', /has expired/],
      ['wrongHost', /for another host; check baseUrl/],
    ] as const) {
      it(`does not trust the certificate '${certificate}' even from a trusted authority`, async () => {
        await using sandbox = await startSandbox({ https: true, certificate });
        using client = createClient({ ca: sandbox.ca, globalAgent });
        const { error, mayHaveArrived } = expectFailure(await client.post(sandbox.url));
        assert.equal(error.code, 'tls');
        assert.match(error.message, message);
        assert.equal(mayHaveArrived, false);
        assert.equal(sandbox.journal.length, 0);
      });
    }
  });
}

describe('transport without a secure connection', () => {
  const failure = async (
    server: Server,
    options: Parameters<typeof createClient>[0] = {},
  ): Promise<readonly [code: string, mayHaveArrived: boolean, message: string]> => {
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    using client = createClient(options);
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { error, mayHaveArrived } = expectFailure(await client.post(url));
      return [error.code, mayHaveArrived, error.message];
    } finally {
      server.close();
    }
  };

  it('reports a port that does not use TLS', async () => {
    const servers = [
      createHttpServer((_, response) => response.end('{}')),
      createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
    ];
    for (const server of servers) {
      const [code, mayHaveArrived, message] = await failure(server);
      assert.deepEqual([code, mayHaveArrived], ['tls', false]);
      assert.match(message, /the server at that port does not use TLS; check the port of baseUrl/);
    }
  });

  const { key, cert } = selfSigned();
  for (const [version, message] of [
    ['TLSv1.3', /it requires a client certificate; pass one as `clientCertificate`/],
    ['TLSv1.2', /it refused the TLS handshake: it may require a client certificate/],
  ] as const) {
    it(`reports a client certificate that is required with ${version}`, async () => {
      const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true, maxVersion: version };
      const [code, mayHaveArrived, text] = await failure(createHttpsServer(options), { ca: cert });
      assert.deepEqual([code, mayHaveArrived], ['tls', false]);
      assert.match(text, message);
    });
  }

  it('sends the client certificate of the global agent', async () => {
    const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true };
    const server = createHttpsServer(options, (_, response) => response.end('{"a":1}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const before = globalAgent.options;
    globalAgent.options = { ...before, key, cert };
    try {
      using client = createClient({ ca: cert, globalAgent: true });
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.equal(expectResponse(await client.post(url)).status, 200);
    } finally {
      globalAgent.options = before;
      globalAgent.destroy();
      server.close();
    }
  });

  it('reports a server that supports only versions of TLS that are no longer secure', async () => {
    const options = { key, cert, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const [code, , message] = await failure(createHttpsServer(options), { ca: cert });
    assert.equal(code, 'tls');
    assert.match(message, /no TLS version that is secure; 1\.2 or later/);
  });
});

describe('transport with certificate authorities', () => {
  it('trusts a certificate for each of its host names', async () => {
    await using sandbox = await startSandbox({ https: true });
    using client = createClient({ ca: sandbox.ca });
    assert.equal(expectResponse(await client.post(sandbox.url.replace('127.0.0.1', 'localhost'))).status, 404);
  });

  it('does not change the authorities of the process', async () => {
    // Node 22.12 to 22.14 cannot list them.
    const { getCACertificates } = tls as Partial<typeof tls>;
    const before = getCACertificates?.('default').length;
    await using sandbox = await startSandbox({ https: true });
    using trusting = createClient({ ca: sandbox.ca, globalAgent: true });
    expectResponse(await trusting.post(sandbox.url));
    assert.equal(getCACertificates?.('default').length, before);
    using other = createClient({ globalAgent: true });
    assert.equal(expectFailure(await other.post(sandbox.url)).error.code, 'tls');
  });

  it('adds to the authorities that the process already trusts', async () => {
    await using sandbox = await startSandbox({ https: true });
    const folder = await mkdtemp(join(tmpdir(), 'partner-auth-ca-'));
    try {
      await writeFile(join(folder, 'ca.pem'), sandbox.ca ?? '');
      const script = `
        import { gotTransport } from ${JSON.stringify(new URL('../../../core/transport/got-transport.ts', import.meta.url).href)};
        for (const globalAgent of [false, true]) {
          const transport = gotTransport({ ca: ${JSON.stringify(selfSigned().cert)}, globalAgent, now: Date.now });
          const request = { method: 'GET', url: '${sandbox.url}/', headers: {} };
          const { response, error } = await transport.send(request, { timeout: 10_000 });
          console.log(response?.status ?? error.message);
          transport.close();
        }
        process.exit();
      `;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
      });
      assert.deepEqual(stdout.trim().split('\n'), ['404', '404']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it(
    'trusts those of the system where a host program does, also without its global agent or with further ones',
    {
      skip:
        (process.platform !== 'linux' && 'only OpenSSL reads them from a file') ||
        ((tls as Partial<typeof tls>).getCACertificates === undefined && 'this Node cannot list them'),
    },
    async () => {
      await using sandbox = await startSandbox({ https: true });
      const folder = await mkdtemp(join(tmpdir(), 'partner-auth-ca-'));
      try {
        await writeFile(join(folder, 'ca.pem'), sandbox.ca ?? '');
        const script = `
        import { gotTransport } from ${JSON.stringify(new URL('../../../core/transport/got-transport.ts', import.meta.url).href)};
        const ca = ${JSON.stringify(selfSigned().cert)};
        const hosted = [{ proxy: false }, { proxy: false, ca }, { ca }].map((options) => ({ ...options, globalAgent: true }));
        for (const options of [...hosted, { globalAgent: false }]) {
          const transport = gotTransport({ ...options, now: Date.now });
          const request = { method: 'GET', url: '${sandbox.url}/', headers: {} };
          const { response, error } = await transport.send(request, { timeout: 10_000 });
          console.log(response?.status ?? error.code);
          transport.close();
        }
        process.exit();
      `;
        const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
          env: { ...process.env, SSL_CERT_FILE: join(folder, 'ca.pem') },
        });
        assert.deepEqual(stdout.trim().split('\n'), ['404', '404', '404', 'tls']);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  const secret = 'MIIBVerySecretText';
  const invalidPem: readonly (readonly [string, string])[] = [
    ['an empty string', ''],
    ['a path', '/etc/ssl/ca.pem'],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`],
    ['an unparsable certificate', `-----BEGIN CERTIFICATE-----\n${secret}\n-----END CERTIFICATE-----`],
    ['a truncated certificate', selfSigned().cert.slice(0, 400)],
    ['a valid and a truncated certificate', `${selfSigned().cert}${selfSigned().cert.slice(0, 400)}`],
  ];
  for (const [title, ca] of invalidPem) {
    for (const globalAgent of [false, true]) {
      it(`refuses ${title} as ca before anything is sent (${globalAgent ? 'global agent' : 'own agents'})`, () => {
        assert.throws(
          () => createClient({ ca, globalAgent }),
          (error: unknown) => {
            assert.ok(isPartnerAuthError(error));
            assert.deepEqual([error.code, error.setting], ['configuration', 'ca']);
            assert.match(error.message, /PEM form/);
            assert.ok(!error.message.includes(secret));
            return true;
          },
        );
      });
    }
  }
});
