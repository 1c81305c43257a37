import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { definePartner, oauth2Partner } from '../../../core/index.ts';
import { parseProfiles, type Profile } from '../../../core/profiles/index.ts';
import { addProfile } from '../../../extension/commands/add-profile.ts';
import { editProfile } from '../../../extension/commands/edit-profile.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { signOut } from '../../../extension/commands/sign-out.ts';
import { oauth2Choice, oauth2Steps } from '../../../extension/model/oauth2-steps.ts';
import { describeInput, type Answers, type Step } from '../../../extension/model/wizard.ts';
import { cancel, english, fakeApp, type FakeAppOptions } from '../../helpers/fake-app.ts';
import { startOAuthServer, type OAuthServer } from '../../helpers/oauth-server.ts';

const client = { id: 'shop app', secret: 'S3cret:of the shop', send: 'basic' } as const;
const account = { username: 'ann', password: 'p&q=r' };
const tokenPath = '/realms/shop/token';
const server = { tokenPath, revocationPath: '/realms/shop/revoke', client, account };
const answers = {
  partner: oauth2Choice,
  label: 'Cửa hàng',
  baseUrl: 'https://id.example',
  tokenPath: '/oauth2/token',
  revocationPath: '',
  grant: 'password',
  clientSend: 'basic',
  clientId: client.id,
  scope: 'orders mail',
};
/** The other definition is not valid, which must not change that it stays. */
const others = [{ id: 'acme', note: 'not valid' }];

async function added(replies: NonNullable<FakeAppOptions['replies']>, given: Partial<FakeAppOptions> = {}) {
  const fake = fakeApp({ ...given, replies });
  await addProfile(fake.app);
  await fake.app.sessions.close();
  return fake;
}

const stepOf = (id: string, known: Answers = {}): Step => {
  const found = oauth2Steps(known, english).find((step) => step.id === id);
  assert.ok(found, id);
  return found;
};

describe('a profile for an OAuth 2.0 server', () => {
  let reachable: OAuthServer;
  before(async () => void (reachable = await startOAuthServer({ ...server, tokenPath: answers.tokenPath })));
  after(() => reachable[Symbol.asyncDispose]());

  it('is added with its definition, and signs in, refreshes and revokes', async () => {
    await using running = await startOAuthServer(server);
    const fake = fakeApp({
      partners: others,
      replies: {
        ...answers,
        baseUrl: `${running.url}${tokenPath}`,
        tokenPath: () => String(fake.steps.at(-1)?.step.value),
        revocationPath: 'realms/shop/revoke',
        clientSecret: client.secret,
        ...account,
        remember: 'no',
      },
    });
    await addProfile(fake.app);
    assert.deepEqual(fake.doubts, []);
    assert.deepEqual(fake.notifications, []);
    assert.deepEqual(fake.savedPartners, [
      ...others,
      oauth2Partner({
        id: 'cua-hang',
        label: 'Cửa hàng',
        tokenPath,
        revocationPath: '/realms/shop/revoke',
        grant: 'password',
        client: { send: 'basic' },
        scope: 'orders mail',
      }),
    ]);
    assert.deepEqual(fake.savedProfiles, [
      {
        id: 'cua-hang',
        label: 'Cửa hàng',
        partner: 'cua-hang',
        baseUrl: running.url,
        client: { id: client.id },
      },
    ]);
    const profile = fake.profile('cua-hang');
    assert.equal(fake.app.sessions.status(profile).phase, 'valid');
    assert.equal(fake.secrets.get('cua-hang')?.clientSecret, client.secret);
    assert.ok(!JSON.stringify([fake.savedProfiles, fake.savedPartners]).includes(client.secret));
    const session = await fake.app.sessions.open(profile);
    await session.refresh();
    assert.equal((await session.request('/orders')).status, 200);
    await signOut(fake.app, profile);
    assert.equal(running.refreshToken, undefined);
    assert.deepEqual(
      running.received.map(({ path, form }) => [path, form.grant_type]),
      [
        [tokenPath, undefined],
        [tokenPath, 'password'],
        [tokenPath, 'refresh_token'],
        ['/orders', undefined],
        ['/realms/shop/revoke', undefined],
      ],
    );
    await fake.app.sessions.close();
  });

  it('of client credentials asks for the secret alone', async () => {
    await using running = await startOAuthServer({ ...server, client: { ...client, send: 'body' } });
    const fake = await added({
      ...answers,
      baseUrl: running.url,
      tokenPath,
      grant: 'clientCredentials',
      clientSend: 'body',
      clientSecret: client.secret,
    });
    assert.deepEqual(fake.notifications, []);
    assert.deepEqual(
      fake.steps.slice(9).map(({ step }) => step.id),
      ['clientSecret'],
    );
    assert.equal(running.received.at(-1)?.form.grant_type, 'client_credentials');
  });

  it('never stores a refresh token that it was signed in with', async () => {
    await using running = await startOAuthServer(server);
    // As a browser would have done it.
    const body = new URLSearchParams({ grant_type: 'password', ...account });
    const identity = [client.id, client.secret].map(encodeURIComponent).join(':');
    const authorization = `Basic ${Buffer.from(identity).toString('base64')}`;
    await fetch(`${running.url}${tokenPath}`, { method: 'POST', body, headers: { authorization } });
    const fake = fakeApp({
      replies: {
        ...answers,
        baseUrl: running.url,
        tokenPath,
        grant: 'refreshToken',
        clientSecret: client.secret,
        refresh_token: [String(running.refreshToken), cancel],
      },
    });
    await addProfile(fake.app);
    const profile = fake.profile('cua-hang');
    assert.equal(fake.app.sessions.status(profile).phase, 'valid');
    assert.deepEqual(fake.secrets.get('cua-hang')?.credentials, {});
    assert.equal(await signIn(fake.app, profile), false);
    assert.equal(fake.steps.at(-1)?.step.id, 'refresh_token');
    await fake.app.sessions.close();
  });

  it('changes nothing when cancelled at any step', async () => {
    for (const id of Object.keys(answers)) {
      const fake = await added({ ...answers, baseUrl: reachable.url, [id]: cancel });
      assert.equal(fake.steps.at(-1)?.step.id, id);
      assert.deepEqual([fake.savedProfiles, fake.savedPartners], [[], []], id);
    }
  });

  it('says what responds at a path that is not that of the token endpoint', async () => {
    await using running = await startOAuthServer(server);
    const fake = await added({ ...answers, baseUrl: running.url });
    assert.deepEqual(fake.doubts, [
      `${running.url}/oauth2/token responded with HTTP 404, but not like OAuth 2.0. Correct the address, or press Enter again to use it anyway.`,
    ]);
  });

  it('gets a definition of its own if one of this name differs, and otherwise uses the one that is there', async () => {
    const definition = (id: string, path: string) =>
      oauth2Partner({
        id,
        label: 'Shop',
        tokenPath: path,
        grant: 'password',
        client: { send: 'basic' },
        scope: 'orders mail',
      });
    const replies = { ...answers, baseUrl: reachable.url };
    const same = await added(replies, { partners: [...others, definition('shop-id', '/oauth2/token')] });
    assert.equal(same.savedPartners.length, 2);
    assert.equal(same.savedProfiles[0]?.partner, 'shop-id');
    const other = await added(replies, { partners: [{ id: 'cua-hang' }, definition('cua-hang-2', '/token')] });
    assert.equal(other.savedPartners.length, 3);
    assert.equal(other.savedProfiles[0]?.partner, 'cua-hang-3');
  });

  it('has a definition whose id starts with a letter, whatever its name', async () => {
    const ids = await Promise.all(
      ['3rd party', '支付', 'TCONNECT'].map(async (label) => {
        const fake = await added({ ...answers, baseUrl: reachable.url, label });
        return definePartner(fake.savedPartners[0] as Parameters<typeof definePartner>[0]).id;
      }),
    );
    assert.deepEqual(ids, ['oauth-3rd-party', 'profile', 'tconnect-2']);
  });

  it('reports that the settings cannot be saved', async () => {
    const fake = fakeApp({ replies: { ...answers, baseUrl: reachable.url } });
    fake.areSettingsReadOnly = true;
    await addProfile(fake.app);
    assert.match(fake.notifications[0]?.message ?? '', /could not be saved to your settings/);
    assert.deepEqual(fake.savedProfiles, []);
    await fake.app.sessions.close();
  });

  it('without a client has no client id', async () => {
    const fake = await added({ ...answers, baseUrl: reachable.url, clientSend: 'none' });
    assert.equal(fake.savedProfiles[0]?.client, undefined);
    assert.ok(fake.steps.every(({ step }) => step.id !== 'clientId'));
    const grants = (grant: string) => {
      const step = stepOf('clientSend', { grant });
      return step.kind === 'pick' ? step.items.map(({ value }) => value) : [];
    };
    assert.deepEqual(grants('password'), ['basic', 'body', 'none']);
    assert.deepEqual(grants('clientCredentials'), ['basic', 'body']);
  });

  it('shows a path to start from: that of a pasted token URL, or a common one', () => {
    const path = (baseUrl: string) => stepOf('tokenPath', { baseUrl }).value;
    assert.equal(path('https://id.example'), '/oauth2/token');
    assert.equal(path('https://id.example/realms/x/openid-connect/token'), '/realms/x/openid-connect/token');
  });

  it('takes a path as it is documented, and refuses other text', () => {
    const entered = (raw: string) => {
      const step = stepOf('tokenPath', { baseUrl: 'https://id.example/base' });
      assert.ok(step.kind === 'input');
      const { value, problem } = describeInput(step, raw);
      return problem === undefined ? value : 'invalid';
    };
    assert.equal(entered(' oauth/token\n'), '/oauth/token');
    assert.equal(entered('https://id.example/base/token?grant_type=password'), '/token?grant_type=password');
    assert.equal(entered('https://other.example/token'), 'invalid');
    assert.equal(entered('/a/{realm}/token'), 'invalid');
    assert.equal(entered('/../token'), 'invalid');
    assert.equal(entered(''), 'invalid');
    assert.equal(describeInput(stepOf('revocationPath') as Parameters<typeof describeInput>[0], '').problem, undefined);
  });
});

describe('the client of a profile', () => {
  const partner = oauth2Partner({
    id: 'shop',
    label: 'Shop',
    tokenPath,
    grant: 'password',
    client: { send: 'basic' },
  });

  it('is asked for when a profile of a partner in the settings is added', async () => {
    await using running = await startOAuthServer(server);
    const replies = { partner: 'shop', baseUrl: running.url, clientId: client.id, label: 'Shop' };
    const fake = await added(replies, { partners: [partner] });
    assert.deepEqual(fake.doubts, []);
    assert.deepEqual(fake.savedProfiles, [
      { id: 'shop', label: 'Shop', partner: 'shop', baseUrl: running.url, client: { id: client.id } },
    ]);
    assert.deepEqual(parseProfiles(fake.savedProfiles, { shop: partner }).problems, []);
  });

  it('can be changed, its secret too', async () => {
    const profile: Profile = {
      id: 'shop',
      label: 'Shop',
      partner: 'shop',
      baseUrl: 'https://id.example',
      client: { id: 'old' },
    };
    const edit = async (choice: string, replies: NonNullable<FakeAppOptions['replies']>) => {
      const fake = fakeApp({ profiles: [profile], partners: [partner], choice, replies });
      await editProfile(fake.app, fake.profile('shop'));
      await fake.app.sessions.close();
      return fake;
    };
    const byId = await edit('Client ID', { clientId: 'new' });
    assert.deepEqual(byId.savedProfiles, [{ ...profile, client: { id: 'new' } }]);
    const bySecret = await edit('Client secret', { clientSecret: client.secret });
    assert.equal(bySecret.secrets.get('shop')?.clientSecret, client.secret);
    assert.deepEqual(bySecret.savedProfiles, [profile]);
    assert.equal(bySecret.steps[0]?.step.kind === 'input' && bySecret.steps[0].step.secret, true);
  });
});
