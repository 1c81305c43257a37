import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startSandbox, type SandboxFault } from '../../../core/sandbox/index.ts';
import type { Exchange } from '../../../core/transport/http.ts';
import { createClient, closedPortUrl, expectFailure, secrets } from './test-servers.ts';

/** Everything that a careless log statement could print of a value. */
function printEverything(value: unknown): string {
  const options = { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity } as const;
  return [inspect(value, options), JSON.stringify(value), inspect(structuredClone(value), options)].join('\n');
}

function assertNoSecrets(exchange: Exchange): void {
  const { error } = expectFailure(exchange);
  const shown = printEverything(error);
  for (const secret of ['body-secret-refresh-token', 'header-secret-access-token', 'partner-code-secret']) {
    assert.ok(!shown.includes(secret), `${error.code} shows ${secret}`);
  }
  assert.doesNotMatch(shown, /authorization|RequestError|got\/dist/i);
  assert.equal('options' in error || 'request' in error || 'response' in error, false);
  assert.equal(error.cause, undefined);
}

describe('a transport failure', () => {
  it('is checked by an assertion that finds secrets', () => {
    assert.throws(() =>
      assertNoSecrets({ kind: 'failure', error: Object.assign(new Error(), secrets) as never, mayHaveArrived: true }),
    );
  });

  const faults: readonly SandboxFault[] = [
    'resetBefore',
    'resetAfter',
    'halfResponse',
    'hang',
    'hangAfter',
    'drip',
    'oversized',
    'gzipBomb',
  ];
  for (const fault of faults) {
    it(`shows nothing of the request after ${fault as string}`, async () => {
      await using sandbox = await startSandbox();
      using client = createClient();
      sandbox.fail(fault, { times: Infinity });
      const url = `${sandbox.url}/api/1.0/auth/refresh`;
      const { body, ...headers } = secrets;
      assertNoSecrets(await client.transport.send({ method: 'POST', url, headers, body }, { timeout: 500 }));
    });
  }

  it('shows nothing of the request after a refused connection', async () => {
    using client = createClient();
    assertNoSecrets(await client.post(await closedPortUrl()));
  });

  it('shows nothing of the request after an untrusted certificate', async () => {
    await using sandbox = await startSandbox({ https: true });
    using client = createClient();
    assertNoSecrets(await client.post(sandbox.url));
  });

  it('shows nothing of the request after an abort', async () => {
    await using sandbox = await startSandbox();
    using client = createClient();
    assertNoSecrets(await client.post(sandbox.url, { signal: AbortSignal.abort(new Error(secrets.body)) }));
  });

  it('shows nothing of the URL query', async () => {
    using client = createClient();
    const url = `${await closedPortUrl()}/path?token=partner-code-secret`;
    assertNoSecrets(await client.transport.send({ method: 'GET', url, headers: {} }, { timeout: 2000 }));
  });
});
