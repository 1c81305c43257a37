import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import forge from 'node-forge';
import { serialNumber } from '../../../core/sandbox/certificates.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';

async function get(url: string, ca: string | undefined): Promise<number | undefined> {
  const request = httpsRequest(`${url}/api/v4/site/config/login`, {
    agent: false,
    ...(ca === undefined ? {} : { ca }),
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

function expectFailure({ url }: Sandbox, ca: string | undefined, code: string): Promise<void> {
  return assert.rejects(get(url, ca), { code });
}

describe('sandbox certificate', () => {
  it('is valid for 127.0.0.1 and localhost with the sandbox authority', async () => {
    await using sandbox = await startSandbox({ https: true });
    assert.match(sandbox.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await get(sandbox.url, sandbox.ca), 200);
    assert.equal(await get(sandbox.url.replace('127.0.0.1', 'localhost'), sandbox.ca), 200);
    assert.equal(sandbox.profiles.bizmail.ca, sandbox.ca);
    assert.equal(sandbox.profiles.bizmail.baseUrl, sandbox.url);
  });

  it('is not trusted without the sandbox authority', async () => {
    await using sandbox = await startSandbox({ https: true });
    await expectFailure(sandbox, undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('can be parsed by OpenSSL with any first bytes of the random serial number', () => {
    const pem = { type: 'pkcs1', format: 'pem' } as const;
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: pem, privateKeyEncoding: pem });
    const privateKey = forge.pki.privateKeyFromPem(keys.privateKey);
    for (const start of ['0000', '007f', '0080', '01ff', '7fff', '8000', 'ff80', 'ffff']) {
      const serial = serialNumber(Buffer.from(start.padEnd(32, '5a'), 'hex'));
      const certificate = forge.pki.createCertificate();
      certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
      certificate.serialNumber = serial;
      certificate.sign(privateKey, forge.md.sha256.create());
      assert.equal(new X509Certificate(forge.pki.certificateToPem(certificate)).serialNumber.toLowerCase(), serial);
    }
  });

  it('is refused when it has expired', async () => {
    await using sandbox = await startSandbox({ https: true, certificate: 'expired' });
    await expectFailure(sandbox, sandbox.ca, 'CERT_HAS_EXPIRED');
  });

  it('is refused when it is for another host', async () => {
    await using sandbox = await startSandbox({ https: true, certificate: 'wrongHost' });
    await expectFailure(sandbox, sandbox.ca, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('changes while the sandbox runs', async () => {
    await using sandbox = await startSandbox({ https: true });
    assert.equal(await get(sandbox.url, sandbox.ca), 200);
    sandbox.set({ certificate: 'expired' });
    await expectFailure(sandbox, sandbox.ca, 'CERT_HAS_EXPIRED');
    sandbox.set({ certificate: 'valid' });
    assert.equal(await get(sandbox.url, sandbox.ca), 200);
  });

  it('resets a TLS connection for a reset fault', async () => {
    await using sandbox = await startSandbox({ https: true });
    sandbox.fail('resetAfter');
    await expectFailure(sandbox, sandbox.ca, 'ECONNRESET');
  });

  it('closes connections during the TLS handshake', async () => {
    const sandbox = await startSandbox({ https: true });
    const { connect: connectTcp } = await import('node:net');
    const socket = connectTcp(Number(new URL(sandbox.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const tls = connect({ port: Number(new URL(sandbox.url).port), host: '127.0.0.1', ca: sandbox.ca ?? '' });
    tls.on('error', () => undefined);
    await Promise.all([once(socket, 'connect'), once(tls, 'secureConnect')]);
    const closed = Promise.all([once(socket, 'close'), once(tls, 'close')]);
    await sandbox.close();
    await closed;
  });

  it('does not exist for http', async () => {
    await using sandbox = await startSandbox();
    assert.equal('ca' in sandbox, false);
    assert.equal('ca' in sandbox.profiles.tconnect, false);
  });
});
