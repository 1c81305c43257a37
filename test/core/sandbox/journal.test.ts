import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox, type SandboxJournalEntry } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { allPartners, login, refresh, signIn, callProtected } = client;

describe('sandbox journal', () => {
  it('contains the decrypted payload, headers, body and outcome of a request', async () => {
    const clock = client.frozenClock();
    await using sandbox = await startSandbox({ clock: clock.read });
    await login(sandbox, 'tconnect');
    const { partnerCode, cipher, credentials } = sandbox.profiles.tconnect;
    const entry = client.assertDefined(sandbox.journal[0]);
    const { headers, body, ...rest } = entry;
    assert.deepEqual(rest, {
      at: clock.now,
      partner: 'tconnect',
      call: 'login',
      method: 'POST',
      path: '/openapi/v1/auth/login',
      payload: credentials,
      status: 200,
      outcome: 'ok',
    });
    assert.equal(headers['partner-code'], partnerCode);
    assert.deepEqual(JSON.parse(body), { data: client.encrypt(cipher, credentials) });
  });

  it('is complete, and the request is processed, although onRequest throws or returns a rejected promise', async () => {
    const fail = (): never => {
      throw new Error('The listener failed.');
    };
    const listeners: readonly (() => unknown)[] = [fail, () => Promise.reject(new Error('The listener failed.'))];
    for (const onRequest of listeners) {
      await using sandbox = await startSandbox({ onRequest });
      await signIn(sandbox, 'tconnect');
      assert.equal(sandbox.journal[0]?.outcome, 'ok');
    }
  });

  it('contains the name of every call of every partner', async () => {
    await using sandbox = await startSandbox();
    for (const partner of allPartners) {
      const { access, refresh: token } = await signIn(sandbox, partner);
      await callProtected(sandbox, partner, access);
      await refresh(sandbox, partner, token);
    }
    const body = JSON.stringify({ refresh_token: sandbox.tokens('cloudreve')?.refreshToken });
    await client.send(`${sandbox.url}/api/v4/session/token`, { method: 'DELETE', body });
    await client.send(`${sandbox.url}/api/v4/site/captcha`);
    await client.postJson(`${sandbox.url}/api/v4/session/token/2fa`, {});
    await client.send(`${sandbox.url}/api/v4/site/config/login`);
    const calls = sandbox.journal.map(({ call }) => call);
    const three = ['login', 'protected', 'refresh'];
    assert.deepEqual(calls, [...three, ...three, ...three, 'logout', 'captcha', 'twoFactor', 'other']);
  });

  it('contains the fields of a multipart body', async () => {
    await using sandbox = await startSandbox();
    const { access } = await signIn(sandbox, 'bizmail');
    const form = client.mailForm();
    form.append('attachments[]', new Blob(['abc'], { type: 'text/plain' }), 'a.txt');
    const headers = { authorization: `Bearer ${access}` };
    await client.send(`${sandbox.url}/api/1.0/mail/store`, { method: 'POST', headers, body: form });
    const payload = client.assertDefined(sandbox.journal.at(-1)).payload as client.Json;
    assert.equal(payload.text, 'Xin chào');
    assert.deepEqual(payload['attachments[]'], { name: 'a.txt', type: 'text/plain', size: 3 });
  });

  it('contains refused requests and unknown paths', async () => {
    await using sandbox = await startSandbox();
    await client.send(`${sandbox.url}/nowhere?x=1`);
    await client.postTconnect(sandbox, 'auth/login', {}, { 'Partner-Code': 'x' });
    const [first, second] = sandbox.journal;
    assert.deepEqual(
      [first?.path, first?.partner, first?.outcome, first?.status],
      ['/nowhere', undefined, 'notFound', 404],
    );
    assert.deepEqual([second?.outcome, second?.payload], ['wrongPartnerCode', undefined]);
  });

  it('has the entry before the client receives the response', async () => {
    await using sandbox = await startSandbox({ delay: 30 });
    const pending = login(sandbox, 'bizmail').then(() => 'responded');
    const recorded = new Promise<string>((resolve) => {
      const poll = () => (sandbox.journal.length > 0 ? resolve('recorded') : setImmediate(poll));
      poll();
    });
    assert.equal(await Promise.race([pending, recorded]), 'recorded');
    assert.equal(await pending, 'responded');
  });

  it('passes each entry to onRequest, and is emptied by clearJournal()', async () => {
    const seen: SandboxJournalEntry[] = [];
    await using sandbox = await startSandbox({ onRequest: (entry) => seen.push(entry) });
    await login(sandbox, 'cloudreve');
    assert.deepEqual(seen, sandbox.journal);
    sandbox.clearJournal();
    assert.deepEqual([sandbox.journal.length, seen.length], [0, 1]);
  });

  it('keeps the newest 1,000 requests, and reports every one to onRequest', async () => {
    let count = 0;
    await using sandbox = await startSandbox({ onRequest: () => count++ });
    const { journal } = sandbox;
    for (let index = 0; index < 1010; index += 10) {
      const paths = Array.from({ length: 10 }, (_, offset) => `/${index + offset}`);
      await Promise.all(paths.map((path) => client.send(sandbox.url + path)));
    }
    assert.equal(count, 1010);
    assert.equal(sandbox.journal, journal);
    assert.equal(journal.length, 1000);
    // Ten at a time arrive in any order.
    assert.deepEqual(
      journal.map(({ path }) => Number(path.slice(1))).sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, index) => index + 10),
    );
  });

  it('keeps at most 8 MiB, the newest', async () => {
    await using sandbox = await startSandbox();
    const post = (path: string, size: number) =>
      client.send(sandbox.url + path, { method: 'POST', body: Buffer.alloc(size, 'x') });
    const mebibyte = 1024 * 1024;
    for (let index = 0; index < 5; index++) await post(`/${index}`, 3 * mebibyte);
    assert.deepEqual(
      sandbox.journal.map(({ path, body }) => [path, body.length]),
      [
        ['/3', 3 * mebibyte],
        ['/4', 3 * mebibyte],
      ],
    );
    // Larger than all that is kept: recorded without its body.
    await post('/large', 9 * mebibyte);
    assert.deepEqual(
      sandbox.journal.map(({ path, body }) => [path, body.length]),
      [
        ['/3', 3 * mebibyte],
        ['/4', 3 * mebibyte],
        ['/large', 0],
      ],
    );
    sandbox.clearJournal();
    await post('/5', 7 * mebibyte);
    assert.deepEqual(
      sandbox.journal.map(({ path }) => path),
      ['/5'],
    );
  });

  it('counts headers', async () => {
    await using sandbox = await startSandbox();
    const headers = { 'x-large': 'y'.repeat(12_000) };
    for (let index = 0; index < 800; index += 20) {
      await Promise.all(Array.from({ length: 20 }, () => client.send(`${sandbox.url}/`, { headers })));
    }
    assert.ok(sandbox.journal.length < 700 && sandbox.journal.length > 650, String(sandbox.journal.length));
  });
});
