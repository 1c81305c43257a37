import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startSandbox, type Sandbox, type SandboxFault } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { allPartners, login, refresh, refreshTokens, signIn, tokensOf } = client;

/** A BizMail login without decompression, retries or validation. */
async function rawLogin({ url, profiles }: Sandbox): Promise<IncomingMessage> {
  const request = httpRequest(`${url}/api/1.0/auth/token`, { method: 'POST', agent: false });
  request.end(JSON.stringify(profiles.bizmail.credentials));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function codeOf(error: unknown): string | undefined {
  const { cause, code } = error as { cause?: { code?: string }; code?: string };
  return code ?? cause?.code;
}

describe('sandbox faults', () => {
  for (const partner of allPartners) {
    it(`${partner}: resetBefore leaves the refresh token valid`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const { refresh: token } = await signIn(sandbox, partner);
      sandbox.fail('resetBefore');
      await assert.rejects(refresh(sandbox, partner, token), (error) => codeOf(error) === 'ECONNRESET');
      assert.deepEqual([sandbox.journal.at(-1)?.outcome, sandbox.journal.at(-1)?.status], ['fault', 0]);
      assert.ok(tokensOf(await refresh(sandbox, partner, token)));
    });

    for (const fault of ['resetAfter', 'halfResponse'] as const) {
      it(`${partner}: ${fault} rotates the tokens first, so a retry is a replay`, async () => {
        await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
        const { refresh: token } = await signIn(sandbox, partner);
        sandbox.fail(fault, { partner, call: 'refresh' });
        await assert.rejects(refresh(sandbox, partner, token));
        assert.deepEqual([sandbox.journal.at(-1)?.outcome, sandbox.journal.at(-1)?.fault], ['ok', fault]);
        assert.equal(tokensOf(await refresh(sandbox, partner, token)), undefined);
        assert.equal(client.lastOutcome(sandbox), 'replayed');
      });
    }

    it(`${partner}: returns a lost response again within the grace time`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection', graceTime: 60 });
      const { refresh: token } = await signIn(sandbox, partner);
      sandbox.fail('resetAfter');
      await assert.rejects(refresh(sandbox, partner, token));
      const lost = sandbox.tokens(partner);
      assert.equal((await refreshTokens(sandbox, partner, token)).refresh, lost?.refreshToken);
    });

    it(`${partner}: a status fault has the partner's error format and rotates nothing`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const { refresh: token } = await signIn(sandbox, partner);
      sandbox.fail({ status: 503, retryAfter: '7' });
      const reply = await refresh(sandbox, partner, token);
      assert.equal(reply.status, 503);
      assert.equal(reply.headers.get('retry-after'), '7');
      assert.ok(Object.keys(reply.json).length >= 2);
      assert.ok(tokensOf(await refresh(sandbox, partner, token)));
    });
  }

  it('halfResponse closes the connection in the middle of the body', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('halfResponse');
    const response = await rawLogin(sandbox);
    await assert.rejects(read(response), (error) => codeOf(error) === 'ECONNRESET');
  });

  for (const fault of ['hang', 'hangAfter'] as const) {
    it(`${fault} sends no response`, async () => {
      await using sandbox = await startSandbox();
      sandbox.fail(fault);
      const controller = new AbortController();
      const body = JSON.stringify(sandbox.profiles.bizmail.credentials);
      const pending = client.send(`${sandbox.url}/api/1.0/auth/token`, {
        method: 'POST',
        body,
        signal: controller.signal,
      });
      const outcome = pending.then(
        () => 'responded',
        () => 'aborted',
      );
      // A later request gets a response, so the first one is not just slow.
      assert.equal((await login(sandbox, 'tconnect')).status, 200);
      controller.abort();
      assert.equal(await outcome, 'aborted');
      assert.equal(sandbox.tokens('bizmail') === undefined, fault === 'hang');
    });
  }

  it('drip sends the body one byte at a time', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('drip');
    const response = await rawLogin(sandbox);
    const sizes: number[] = [];
    for await (const chunk of response) {
      sizes.push((chunk as Buffer).length);
      if (sizes.length === 3) break;
    }
    assert.deepEqual(sizes, [1, 1, 1]);
  });

  it('sends an HTML page for a status fault with html', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 502, html: true });
    const { status, headers, text } = await login(sandbox, 'cloudreve');
    assert.deepEqual([status, headers.get('content-type')], [502, 'text/html']);
    assert.match(text, /^<!DOCTYPE html>/);
  });

  it('processes a request before a status fault with processed', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 502, processed: true });
    assert.equal((await login(sandbox, 'bizmail')).status, 502);
    assert.ok(sandbox.tokens('bizmail'));
    assert.deepEqual([sandbox.journal.at(-1)?.outcome, sandbox.journal.at(-1)?.status], ['ok', 502]);
  });

  it('brokenJson truncates the JSON of a processed request', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('brokenJson');
    const { status, text } = await login(sandbox, 'bizmail');
    assert.equal(status, 200);
    assert.throws(() => JSON.parse(text) as unknown, SyntaxError);
    assert.ok(sandbox.tokens('bizmail'));
  });

  it('wrongContentType sends JSON as text/html', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('wrongContentType');
    const reply = await login(sandbox, 'bizmail');
    assert.equal(reply.headers.get('content-type'), 'text/html');
    assert.ok(tokensOf(reply));
  });

  it('byteOrderMark sends one before the JSON', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('byteOrderMark');
    const { headers } = await login(sandbox, 'bizmail');
    const plain = await login(sandbox, 'bizmail');
    assert.equal(Number(headers.get('content-length')), Number(plain.headers.get('content-length')) + 3);
  });

  it('oversized appends 5 MiB to the body', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('oversized');
    const reply = await login(sandbox, 'bizmail');
    assert.ok(reply.text.length > 5 * 1024 * 1024);
    assert.ok(tokensOf(reply));
  });

  it('gzipBomb sends a small body that expands to more than 50 MiB', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail('gzipBomb');
    const response = await rawLogin(sandbox);
    const body = await read(response);
    assert.equal(response.headers['content-encoding'], 'gzip');
    assert.ok(body.length < 200_000);
    const unpacked = gunzipSync(body);
    assert.ok(unpacked.length > 50 * 1024 * 1024);
    assert.equal((JSON.parse(unpacked.toString()) as client.Json).success, true);
  });

  it('redirects without processing the request', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ redirect: 'http://elsewhere.example/' });
    sandbox.fail({ redirect: 'http://elsewhere.example/', status: 307 });
    for (const expected of [302, 307]) {
      const { status, headers } = await login(sandbox, 'bizmail');
      assert.deepEqual([status, headers.get('location')], [expected, 'http://elsewhere.example/']);
    }
    assert.equal(sandbox.tokens('bizmail'), undefined);
  });

  it('rewrites a success response before encryption', async () => {
    await using sandbox = await startSandbox({ tconnectResponse: 'encrypted' });
    sandbox.fail({ rewrite: (response) => ({ ...(response as client.Json), expires_in: '36000' }) });
    const { json } = await login(sandbox, 'tconnect');
    const plain = client.decrypt(sandbox.profiles.tconnect.cipher, String(json.data));
    assert.equal((JSON.parse(plain) as client.Json).expires_in, '36000');
  });

  it('does not rewrite an error response', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ rewrite: () => ({}) });
    const { json } = await client.postJson(`${sandbox.url}/api/1.0/auth/token`, {});
    assert.equal(json.success, false);
  });

  it('loses only the one response when a rewrite throws', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({
      rewrite: () => {
        throw new Error('thrown by the test');
      },
    });
    await assert.rejects(login(sandbox, 'bizmail'));
    assert.equal((await login(sandbox, 'bizmail')).status, 200);
  });

  it('sends any body for a text fault', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ text: 'null' });
    const { status, text, headers } = await login(sandbox, 'bizmail');
    assert.deepEqual([status, text], [200, 'null']);
    assert.match(headers.get('content-type') ?? '', /json/);
    assert.equal(sandbox.tokens('bizmail'), undefined);
  });

  it('applies a fault only to its partner and call, and only as many times as set', async () => {
    await using sandbox = await startSandbox();
    const { refresh: token } = await signIn(sandbox, 'cloudreve');
    sandbox.fail({ status: 500 }, { partner: 'cloudreve', call: 'refresh', times: 2 });
    assert.equal((await login(sandbox, 'cloudreve')).status, 200);
    assert.equal((await login(sandbox, 'bizmail')).status, 200);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await refresh(sandbox, 'cloudreve', token)).status);
    assert.deepEqual(statuses, [500, 500, 200]);
  });

  it('removes pending faults with heal()', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 500 }, { times: Infinity });
    assert.equal((await login(sandbox, 'bizmail')).status, 500);
    sandbox.heal();
    assert.equal((await login(sandbox, 'bizmail')).status, 200);
  });

  it('throws for an unknown fault and an invalid number of times', async () => {
    await using sandbox = await startSandbox();
    assert.throws(() => sandbox.fail('resetSometimes' as SandboxFault), /Unknown sandbox fault/);
    assert.throws(() => sandbox.fail({} as SandboxFault), /Unknown sandbox fault/);
    assert.throws(() => sandbox.fail('hang', { times: 0 }), /times/);
  });
});
