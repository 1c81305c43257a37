import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { allDefences, type DefenceName } from '../../core/gateway/defences.ts';
import { startWithDefences } from '../../core/gateway/start-gateway.ts';
import { openSession } from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { launchBrowser } from '../helpers/vscode/browser.ts';

/** What a web page can do to a server of this machine, and the defence that alone prevents it. */
interface Attack {
  readonly defence: DefenceName;
  /** The call that reaches the partner if nothing prevents it. */
  readonly call: string;
  /** `port` is that of the gateway; `base` is what the attacker puts in front of paths: empty, or the secret if it has leaked. */
  run(page: Page, port: number, base: string): Promise<unknown>;
}

/** A page of another site. */
const strange = 'evil.example';
/** A name that leads to the attacker's server first, and then to this machine. */
const rebound = 'rebound.example';

/** The page of the attacker. Each function resolves when its request has ended, in whatever way. */
const attackPage = `<!doctype html><title>A page</title><body><script>
const send = (url, init) => fetch(url, init).then(() => 'done', () => 'done');
const socket = (url) => new Promise((resolve) => (new WebSocket(url).onclose = () => resolve('done')));
const image = (url) => new Promise((resolve) => {
  const image = new Image();
  image.onload = image.onerror = () => resolve('done');
  image.src = url;
});
const form = (action, enctype) => new Promise((resolve) => {
  const frame = Object.assign(document.createElement('iframe'), { name: 'result' });
  const form = Object.assign(document.createElement('form'), { action, enctype, method: 'post', target: 'result' });
  form.append(Object.assign(document.createElement('input'), { name: '{"amount":1,"x":"', value: '"}' }));
  document.body.append(frame, form);
  frame.onload = () => resolve('done');
  form.submit();
});
</script>`;

const attacks: Readonly<Record<string, Attack>> = {
  'DNS rebinding': fromReboundPage('host', '/openapi/v1/rebound'),
  'a no-cors fetch with a body': fromPage('origin', 'POST /openapi/v1/simple', (url) => {
    return `send('${url}', { method: 'POST', mode: 'no-cors', body: '{"amount":1}' })`;
  }),
  'a WebSocket': fromPage('origin', 'GET /openapi/v1/socket', (url) => `socket('${url.replace('http', 'ws')}')`),
  'an image': fromPage('fetchSite', 'GET /openapi/v1/image', (url) => `image('${url}')`),
  'a no-cors fetch without a body': fromPage('fetchSite', 'GET /openapi/v1/fetch', (url) => {
    return `send('${url}', { mode: 'no-cors', credentials: 'include' })`;
  }),
  'a preflight': fromPage('method', 'OPTIONS /openapi/v1/preflight', (url) => {
    return `send('${url}', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' })`;
  }),
  'a link that a person follows': {
    defence: 'secret',
    call: 'GET /openapi/v1/link',
    run: (page, port, base) => page.goto(`http://127.0.0.1:${port}${base}/openapi/v1/link`),
  },
  'an escaped path': fromReboundPage('path', '/openapi/v1/public/..%2fprivate'),
  'a token of the attacker': fromReboundPage('ownHeaders', '/openapi/v1/as-another', { authorization: 'Bearer other' }),
  'a form': fromPage('readOnly', 'POST /openapi/v1/form', (url) => `form('${url}', 'multipart/form-data')`),
  'a call that is not allowed': fromPage(
    'allow',
    'GET /openapi/v1/other',
    (url) => `send('${url}', { mode: 'no-cors' })`,
  ),
  'a form that looks like JSON': fromPage(
    'contentType',
    'POST /openapi/v1/text',
    (url) => `form('${url}', 'text/plain')`,
  ),
};

/** `script` is run by the page of another site, with the URL of the call. */
function fromPage(defence: DefenceName, call: string, script: (url: string) => string): Attack {
  const [, path = ''] = call.split(' ');
  return {
    defence,
    call,
    run: (page, port, base) => page.evaluate(script(`http://127.0.0.1:${port}${base}${path}`)),
  };
}

/** A page whose name now leads to the gateway calls it as its own server. */
function fromReboundPage(defence: DefenceName, path: string, headers: Readonly<Record<string, string>> = {}): Attack {
  return {
    defence,
    call: `GET ${path}`,
    async run(page, port, base) {
      await page.goto(`http://${rebound}:${port}/`);
      const init = JSON.stringify({ headers });
      await page.evaluate(`fetch('${base}${path}', ${init}).then(() => 'done', () => 'done')`);
    },
  };
}

/** Runs attacks on a gateway with these defences. Resolves with what reached the partner. */
async function callsReached(
  browser: Browser,
  active: readonly DefenceName[],
  chosen: readonly Attack[],
  isSecretKnown = false,
): Promise<readonly string[]> {
  await using sandbox = await startSandbox();
  const { credentials, ...profile } = sandbox.profiles.tconnect;
  await using session = await openSession(profile);
  await session.login({ ...credentials });
  sandbox.clearJournal();
  const options = { readOnly: true, allow: ['GET /openapi/v1/public/**'] };
  await using gateway = await startWithDefences(session, options, active);
  const { port, pathname } = new URL(gateway.url);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(attackPage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const context = await browser.newContext();
  try {
    for (const attack of chosen) {
      const page = await context.newPage();
      await page.goto(`http://${strange}:${(server.address() as AddressInfo).port}/`);
      await attack.run(page, Number(port), isSecretKnown ? pathname : '');
      await page.close();
    }
    return sandbox.journal.map(({ method, path }) => `${method} ${path}`);
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
}

describe('a web page that attacks the gateway', { timeout: 180_000 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser([`--host-resolver-rules=MAP ${strange} 127.0.0.1, MAP ${rebound} 127.0.0.1`]);
  });
  after(() => browser.close());

  it('reaches nothing', async () => {
    assert.deepEqual(await callsReached(browser, allDefences, Object.values(attacks)), []);
  });

  it('reaches nothing either if it knows the secret, unless a person follows its link', async () => {
    const byPage = Object.values(attacks).filter(({ defence }) => defence !== 'secret');
    assert.deepEqual(await callsReached(browser, allDefences, byPage, true), []);
  });

  it('tries something against each of the defences', () => {
    assert.deepEqual(new Set(Object.values(attacks).map(({ defence }) => defence)), new Set(allDefences));
  });

  for (const [name, attack] of Object.entries(attacks)) {
    it(`reaches the partner by ${name} without any defence`, async () => {
      assert.ok((await callsReached(browser, [], [attack])).includes(attack.call));
    });

    it(`does not reach it by ${name} with the defence ${attack.defence} alone`, async () => {
      assert.ok(!(await callsReached(browser, [attack.defence], [attack])).includes(attack.call));
    });
  }
});
