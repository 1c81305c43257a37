import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startSandbox, type SandboxFault } from '../../../core/sandbox/index.ts';
import type { Exchange } from '../../../core/transport/http.ts';
import { client, closedPort, failed, secrets } from './servers.ts';

/** Everything that a careless log could print of a failure. */
function everything(value: unknown): string {
  const options = { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity } as const;
  return [inspect(value, options), JSON.stringify(value), inspect(structuredClone(value), options)].join('\n');
}

function expectClean(exchange: Exchange): void {
  const { error } = failed(exchange);
  const shown = everything(error);
  for (const secret of ['body-secret-refresh-token', 'header-secret-access-token', 'partner-code-secret']) {
    assert.ok(!shown.includes(secret), `${error.code} shows ${secret}`);
  }
  assert.doesNotMatch(shown, /authorization|RequestError|got\/dist/i);
  assert.equal('options' in error || 'request' in error || 'response' in error, false);
  assert.equal(error.cause, undefined);
}

describe('a failure of the transport', () => {
  it('carries values that the check would find', () => {
    assert.throws(() =>
      expectClean({ kind: 'failure', error: Object.assign(new Error(), secrets) as never, mayHaveArrived: true }),
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
      using one = client();
      sandbox.fail(fault, { times: Infinity });
      const url = `${sandbox.url}/api/1.0/auth/refresh`;
      const { body, ...headers } = secrets;
      expectClean(await one.transport.send({ method: 'POST', url, headers, body }, { timeout: 500 }));
    });
  }

  it('shows nothing of the request after a refused port', async () => {
    using one = client();
    expectClean(await one.post(await closedPort()));
  });

  it('shows nothing of the request after a certificate that is not trusted', async () => {
    await using sandbox = await startSandbox({ https: true });
    using one = client();
    expectClean(await one.post(sandbox.url));
  });

  it('shows nothing of the request after an abort', async () => {
    await using sandbox = await startSandbox();
    using one = client();
    expectClean(await one.post(sandbox.url, { signal: AbortSignal.abort(new Error(secrets.body)) }));
  });

  it('shows nothing of the query of its address', async () => {
    using one = client();
    const url = `${await closedPort()}/path?token=partner-code-secret`;
    expectClean(await one.transport.send({ method: 'GET', url, headers: {} }, { timeout: 2000 }));
  });
});
