import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { definePartner, oauth2Partner, type PartnerDefinition } from '../../core/index.ts';
import { parsePartners } from '../../core/profiles/custom-partners.ts';
import { parseProfiles } from '../../core/profiles/profile.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { startAcmePayServer } from '../helpers/acme-pay-server.ts';
import { runCommands, withHome } from '../core/cli/with-home.ts';
import { startOAuthServer } from '../helpers/oauth-server.ts';
import { root } from '../helpers/tarball.ts';
import { bizmailEnv, blockOf, callsOf, cloudreveEnv, tconnectEnv, testDocument } from '../helpers/documents.ts';

const path = 'core/partners/README.md';
const acmePay = blockOf(path, 'acme-pay.json');

testDocument(path, {
  async tconnect({ run }) {
    await using sandbox = await startSandbox({
      tconnectResponse: 'encrypted',
      accounts: { tconnect: { cipher: { keyFormat: 'base64', iv: { from: 'prefix' }, output: 'hex-upper' } } },
    });
    const { stdout } = await run({ env: tconnectEnv(sandbox) });
    assert.match(stdout, /^200 \{\s*transactions: /);
    assert.deepEqual(callsOf(sandbox), ['login', 'protected']);
    assert.match(sandbox.journal[0]?.body ?? '', /^\{"data":"[0-9A-F]+"\}$/);
    assert.equal((sandbox.journal[0]?.payload as { grant_type?: string }).grant_type, 'password');
  },

  async bizmail({ run }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: bizmailEnv(sandbox) });
    const [ok, deadline = ''] = stdout.trim().split(' ');
    assert.equal(ok, 'true');
    assert.equal(Math.round((Date.parse(deadline) - Date.now()) / 86_400_000), 90);
    for (const { headers } of sandbox.journal) assert.match(headers['content-type'] ?? '', /^multipart\/form-data;/);
  },

  async cloudreve({ run }) {
    await using sandbox = await startSandbox({ twoFactor: true, captcha: true });
    let questions = 0;
    const { stdout } = await run({
      env: cloudreveEnv(sandbox),
      answer(output) {
        if (questions === 0 && output.endsWith('Text in the picture: ')) {
          questions = 1;
          // Nothing here can read the picture: the partner stops asking, and its journal shows what was typed.
          sandbox.set({ captcha: false });
          return '271828';
        }
        if (questions !== 1 || !output.endsWith('One-time code: ')) return undefined;
        questions = 2;
        return sandbox.oneTimeCode();
      },
    });
    assert.match(stdout, /^data:image\/png;base64,[\w+/=]+$/m);
    const second = sandbox.journal.filter(({ call }) => call === 'login')[1]?.payload as Record<string, string>;
    assert.equal(second.captcha, '271828');
    assert.match(second.ticket ?? '', /^[A-Za-z0-9]{20}$/);
    const { email } = sandbox.profiles.cloudreve.credentials;
    assert.ok(stdout.endsWith(`${email} { revoked: true }\n`), stdout);
    assert.equal(callsOf(sandbox).at(-1), 'logout');
  },

  async 'own-server'({ code }) {
    const client = { id: 'my-program', secret: 'S3cret-of-my-program', send: 'basic' } as const;
    const account = { username: 'ann', password: 'correct horse' };
    const paths = { tokenPath: '/oauth2/token', revocationPath: '/oauth2/revoke' };
    await using server = await startOAuthServer({ ...paths, client, account });
    await withHome({}, async (fixture) => {
      const example = await readFile(join(root, 'core/partners/examples/oauth2.json'), 'utf8');
      await writeFile(fixture.file('server.json'), example.replace('https://id.shop.example', server.url));
      const { stdout } = await runCommands(code, fixture, {
        PARTNER_AUTH_USERNAME: account.username,
        PARTNER_AUTH_PASSWORD: account.password,
        PARTNER_AUTH_CLIENT_SECRET: client.secret,
      });
      assert.match(stdout, /"orders"/);
    });
    assert.deepEqual(
      server.received.map(({ path }) => path),
      [paths.tokenPath, '/orders', paths.tokenPath, paths.revocationPath],
    );
  },

  async 'acme-pay.json'({ code }) {
    assert.equal(definePartner(JSON.parse(code) as PartnerDefinition).label, 'ACME Pay');
  },

  async 'custom-partner'({ folder, run }) {
    await writeFile(join(folder, 'acme-pay.json'), acmePay);
    await using acme = await startAcmePayServer();
    const { stdout } = await run({ env: acme.env });
    assert.equal(stdout, "200 { status: 'OK', balance: 1500000 } { revoked: true }\n");
    assert.deepEqual(
      acme.received.map(({ call }) => call),
      ['POST /v2/token', 'POST /v2/token/renew', 'GET /v2/balance', 'DELETE /v2/token'],
    );
  },

  async 'custom-partner-sandbox'({ folder, run }) {
    await writeFile(join(folder, 'acme-pay.json'), acmePay);
    const { stdout } = await run();
    const [refused = '', why = '', signedIn = '', last] = stdout.trim().split(/\n(?=login|ACME|200)/);
    assert.match(
      refused,
      /^login \{\s+api_user: 'robot',\s+api_secret: '•+',\s+grant_type: 'password'\s+\} invalidCredentials$/,
    );
    assert.match(why, /^ACME Pay refused the login \(HTTP 401, code E-LOGIN\)\. .*Check api_user, api_secret\.$/);
    assert.match(signedIn, /^login \{.*api_secret: '•+'.* success$/s);
    assert.equal(last, '200 3');
  },

  async oauth2({ run }) {
    const definition = oauth2Partner({
      id: 'shop',
      label: 'Shop',
      tokenPath: '/oauth2/token',
      revocationPath: '/oauth2/revoke',
      grant: 'password',
      client: { send: 'basic' },
      scope: 'orders',
    });
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const { credentials = {}, client } = sandbox.profiles.shop ?? {};
    const env = {
      SHOP_ID_URL: sandbox.url,
      SHOP_API_URL: sandbox.url,
      SHOP_CLIENT_ID: client?.id ?? '',
      SHOP_CLIENT_SECRET: client?.secret ?? '',
      SHOP_USERNAME: credentials.username ?? '',
      SHOP_PASSWORD: credentials.password ?? '',
    };
    const { stdout } = await run({ env });
    assert.equal(stdout, `${env.SHOP_USERNAME} { revoked: true }\n`);
    assert.deepEqual(callsOf(sandbox), ['login', 'refresh', 'logout']);
  },

  async profile({ code }) {
    const { known, problems } = parsePartners([JSON.parse(acmePay)]);
    assert.deepEqual(problems, []);
    const parsed = parseProfiles([JSON.parse(code)], known);
    assert.deepEqual(parsed.problems, []);
    assert.equal(parsed.profiles[0]?.definition.label, 'ACME Pay');
  },
});
