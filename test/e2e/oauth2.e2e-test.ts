import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { oauth2Partner } from '../../core/index.ts';
import { acmePayJson } from '../helpers/acme-pay.ts';
import { startOAuthServer, type OAuthServer } from '../helpers/oauth-server.ts';
import { repositoryRoot } from '../helpers/vscode/paths.ts';
import { assertNoLeak } from '../helpers/workbench/leaks.ts';
import { startPartnerAuth, statusItem, statusMessage, typeSteps } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const folder = join(repositoryRoot, 'out/oauth2');
const title = 'Add Profile';
const choice = 'OAuth 2.0 (password, client credentials, refresh token)';
const client = { id: 'shop app', secret: 'S3cret-of-the-shop-app', send: 'basic' } as const;
const account = { username: 'ann@example.com', password: 'a-long password & more' };
const tokenPath = '/realms/shop/openid-connect/token';
const revocationPath = '/realms/shop/openid-connect/revoke';

describe('a profile for an OAuth 2.0 server', () => {
  const stack = new AsyncDisposableStack();
  let server: OAuthServer;
  let workbench: Workbench;
  let window: WorkbenchWindow;

  before(async () => {
    server = stack.use(await startOAuthServer({ tokenPath, revocationPath, client, account }));
    workbench = stack.use(await startPartnerAuth({ settings: { 'partnerAuth.partners': [acmePayJson()] } }));
    window = await workbench.openWindow();
  });
  after(() => stack.disposeAsync());

  const enter = (step: number, value: string): Promise<void> => typeSteps(window, [{ value, masked: false }], step);

  it('is added with a definition of its own, next to those that are there', async () => {
    const { quickInput } = window;
    await window.runCommand('Partner Auth: Add Profile');
    await quickInput.waitFor({ title, step: 1, row: choice });
    await window.screenshot(join(folder, '1-partners.png'));
    await quickInput.pick(choice);
    await enter(2, 'Shop ID');
    await quickInput.waitFor({ step: 3, message: /^Base URL of Shop ID, or the URL of its token endpoint/ });
    await enter(3, `${server.url}/oauth`);
    const { value } = await quickInput.waitFor({ step: 4, message: /^Path of the token endpoint/ });
    assert.equal(value, '/oauth2/token');
    await quickInput.accept();
    const wrong = await quickInput.waitFor({ step: 4, message: /responded with HTTP 404, but not like OAuth 2\.0\./ });
    assert.equal(wrong.severity, 'warning');
    await window.screenshot(join(folder, '2-wrong-path.png'));
    await quickInput.back();
    await quickInput.waitFor({ step: 3 });
    await quickInput.type(`${server.url}${tokenPath}`);
    await quickInput.accept();
    await quickInput.waitFor({ step: 4 });
    await quickInput.type(tokenPath);
    await window.screenshot(join(folder, '3-token-path.png'));
    await quickInput.accept();
    await quickInput.waitFor({ step: 5, message: /^Path of the revocation endpoint/ });
    await window.screenshot(join(folder, '4-revocation-path.png'));
    await enter(5, revocationPath);
    await quickInput.waitFor({ step: 6, row: 'Username and password' });
    await window.screenshot(join(folder, '5-grant.png'));
    await quickInput.pick('Username and password');
    await quickInput.waitFor({ step: 7, row: 'No client' });
    await window.screenshot(join(folder, '6-client.png'));
    await quickInput.pick('In the header Authorization (Basic)');
    await enter(8, client.id);
    const last = await quickInput.waitFor({ step: 9, message: /^Scopes, separated by spaces/ });
    assert.equal(last.step?.total, 9);
    await window.screenshot(join(folder, '7-scope.png'));
    await enter(9, 'orders');
    await window.notifications.waitFor('The profile Shop ID was added.');
    const settings = await workbench.userSettings();
    assert.deepEqual(settings['partnerAuth.partners'], [
      acmePayJson(),
      oauth2Partner({
        id: 'shop-id',
        label: 'Shop ID',
        tokenPath,
        revocationPath,
        grant: 'password',
        client: { send: 'basic' },
        scope: 'orders',
      }),
    ]);
    assert.deepEqual(settings['partnerAuth.profiles'], [
      { id: 'shop-id', label: 'Shop ID', partner: 'shop-id', baseUrl: server.url, client: { id: client.id } },
    ]);
  });

  it('goes on to its sign-in, which asks for the secret of the client, masked', async () => {
    await window.quickInput.waitFor({ title: 'Sign in to Shop ID', step: 1, masked: true, message: /^Client secret/ });
    await window.screenshot(join(folder, '8-client-secret.png'));
    await typeSteps(window, [
      { value: client.secret, masked: true },
      { value: account.username, masked: false },
      { value: account.password, masked: true },
    ]);
    await window.quickInput.pick("Don't remember");
    await statusItem(window).waitFor(/^\$\(key\) Shop ID (?:59m|1h)$/);
    await window.screenshot(join(folder, '9-signed-in.png'));
  });

  it('refreshes on click, and is revoked on sign-out', async () => {
    await window.notifications.dismissAll();
    await statusItem(window).click();
    await statusMessage(window).waitFor('Shop ID: the access token was refreshed.');
    await window.runCommand('Partner Auth: Sign Out');
    await statusMessage(window).waitFor('Signed out of Shop ID.');
    await statusItem(window).waitFor('$(key) Shop ID: Sign in');
    assert.deepEqual(
      server.received.slice(-3).map(({ path, form }) => [path, form.grant_type ?? form.token_type_hint]),
      [
        [tokenPath, 'password'],
        [tokenPath, 'refresh_token'],
        [revocationPath, 'refresh_token'],
      ],
    );
    assert.equal(server.accessToken, undefined);
  });

  it('leaves no secret in settings, state or logs', async () => {
    await assertNoLeak(workbench, new Set([...server.tokens, client.secret, account.password]));
  });
});
