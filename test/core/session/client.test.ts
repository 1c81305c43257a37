import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  definePartner,
  isPartnerAuthError,
  memoryStore,
  openSession,
  type AuthExchange,
  type PartnerDefinition,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const client = { id: 'shop:1 ü', secret: 'S3cret+of the:shop/%' };
const inBody: PartnerDefinition = { ...oauthPartner, client: { send: 'body' } };
const inObject: PartnerDefinition = {
  ...oauthPartner,
  body: { form: 'json' },
  client: { send: 'body', idField: 'app.id', secretField: 'app.secret' },
};
const otp = { path: '/otp', sessionIn: 's', sessionField: 's', codeField: 'otp', lifetime: 60 };

/** Like `plainPartner`, whose calls the raw partner knows. */
const withClient = (rule: PartnerDefinition['client']): PartnerDefinition => ({
  ...plainPartner,
  ...(rule && { client: rule }),
  logout: { path: '/logout', tokenField: 'refresh' },
  oneTimeCode: otp,
  errors: [{ on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' }],
});

describe('the client of an OAuth 2.0 server', () => {
  it('goes as Basic with every auth call, and never with a protected call', () =>
    withRawPartner({ partner: withClient({ send: 'basic' }), client, signedIn: false }, async (partner) => {
      const { session, received, on } = partner;
      on('POST /login', (response) => response.end('{"code":"OTP","s":"pending"}'));
      on('POST /otp', (response) => response.end('{"access":"a","refresh":"r","expires":3600}'));
      await assert.rejects(session.login({ user: 'ann', password: 'S3cret-of-ann' }), { code: 'oneTimeCodeRequired' });
      await session.login({ otp: '123456' });
      await session.refresh();
      await session.request('/orders', { payload: { a: 1 } });
      await session.signOut();
      // RFC 6749 section 2.3.1: form-encoded, then base64.
      const basic = `Basic ${Buffer.from('shop%3A1+%C3%BC:S3cret%2Bof+the%3Ashop%2F%25').toString('base64')}`;
      assert.deepEqual(
        received.map(({ call, headers }) => [call, headers.authorization]),
        [
          ['POST /login', basic],
          ['POST /otp', basic],
          ['POST /refresh', basic],
          ['POST /orders', 'Bearer access-1'],
          ['POST /logout', basic],
        ],
      );
      for (const { body } of received) assert.doesNotMatch(String(body), /shop/);
    }));

  it('goes in the body with every auth call, in the fields that the definition names', () =>
    withRawPartner(
      { partner: withClient({ send: 'body', idField: 'app.id', secretField: 'app.key' }), client },
      async (partner) => {
        const { session, received } = partner;
        await session.refresh();
        await session.request('/orders', { payload: { a: 1 } });
        await session.signOut();
        assert.deepEqual(
          received.map(({ body, headers }) => [JSON.parse(String(body)) as unknown, headers.authorization]),
          [
            [{ user: 'ann', password: 'S3cret-of-ann', app: { id: client.id, key: client.secret } }, undefined],
            [{ refresh: 'refresh-1', app: { id: client.id, key: client.secret } }, undefined],
            [{ a: 1 }, 'Bearer access-2'],
            [{ refresh: 'refresh-2', app: { id: client.id, key: client.secret } }, undefined],
          ],
        );
      },
    ));

  it('may have no secret', async () => {
    const { id } = client;
    await withRawPartner({ partner: withClient({ send: 'body' }), client: { id } }, ({ received }) => {
      assert.deepEqual(JSON.parse(String(received[0]?.body)), {
        user: 'ann',
        password: 'S3cret-of-ann',
        client_id: id,
      });
      return Promise.resolve();
    });
    await withRawPartner({ partner: withClient({ send: 'basic' }), client: { id } }, ({ received }) => {
      const [, encoded = ''] = received[0]?.headers.authorization?.split(' ') ?? [];
      assert.equal(Buffer.from(encoded, 'base64').toString(), 'shop%3A1+%C3%BC:');
      return Promise.resolve();
    });
  });

  for (const [title, definition] of [
    ['as Basic', oauthPartner],
    ['in the body', inBody],
    ['in an object of the body', inObject],
  ] as const) {
    it(`is checked by the sandbox if it is sent ${title}`, async () => {
      await using sandbox = await startSandbox({ definitions: [{ definition, client }] });
      const profile = sandbox.profiles.oauth;
      assert.ok(profile);
      await using session = await openSession({ ...profile });
      await session.login(profile.credentials);
      await session.refresh();
      assert.equal((await session.request('/orders')).ok, true);
      assert.deepEqual(await session.signOut(), { revoked: true });
      await using other = await openSession({ ...profile, client: { id: client.id, secret: 'another' } });
      await assert.rejects(other.login(profile.credentials));
      assert.deepEqual(
        sandbox.journal.map(({ call, outcome }) => `${call} ${outcome}`),
        ['login ok', 'refresh ok', 'protected ok', 'logout ok', 'login wrongClient'],
      );
    });
  }

  for (const [title, definition] of [
    ['as Basic', oauthPartner],
    ['in the body', inBody],
  ] as const) {
    it(`is in no log, exchange, error or record if it is sent ${title}`, async () => {
      await using sandbox = await startSandbox({ definitions: [{ definition, client }] });
      const profile = sandbox.profiles.oauth;
      assert.ok(profile);
      const lines: string[] = [];
      const note = (line: string): void => void lines.push(line);
      const store = memoryStore();
      const logger = { debug: note, info: note, warn: note, error: note };
      await using session = await openSession({ ...profile, store, logger });
      const exchanges: AuthExchange[] = [];
      session.on('exchange', (exchange) => void exchanges.push(exchange));
      await session.login(profile.credentials);
      const encoded = new URLSearchParams([['', client.secret]]).toString().slice(1);
      const basic = Buffer.from(`${client.id}:${encoded}`).toString('base64');
      const said = { error: 'x', error_description: `Is it ${client.secret} or ${basic}?` };
      sandbox.fail({ rewrite: () => said });
      const error = await catchError(session.refresh());
      const text = [inspect(session), inspect(error), JSON.stringify(error), ...lines, JSON.stringify(exchanges)].join(
        '\n',
      );
      for (const secret of [client.secret, encoded, basic, Buffer.from(client.secret).toString('base64')])
        assert.ok(!text.includes(secret), text);
      assert.doesNotMatch(JSON.stringify(await store.read()), /shop/);
      if (definition === inBody) {
        const payload = exchanges[0]?.payload as Record<string, string>;
        assert.equal(payload.client_id, client.id);
        assert.notEqual(payload.client_secret, client.secret);
      }
    });
  }

  const options: readonly (readonly [
    title: string,
    options: Partial<SessionOptions>,
    setting: string,
    message: RegExp,
  ])[] = [
    ['no client', {}, 'client', /requires the id of an OAuth 2\.0 client/],
    ['a client that the definition does not send', { partner: plainPartner, client }, 'client', /has no effect/],
    ['a string as client', { client: 'shop' as never }, 'client', /must be an object/],
    ['no id', { client: { secret: 'x' } as never }, 'client.id', /must be a string/],
    ['an empty secret', { client: { id: 'shop', secret: '' } }, 'client.secret', /must be a string/],
    [
      'a further field of the login with its name',
      { partner: inBody, client, extraFields: { login: { client_id: 'x' } } },
      'extraFields.login.client_id',
      /has no effect/,
    ],
  ];
  for (const [title, overrides, setting, message] of options) {
    it(`refuses ${title} before anything is sent`, async () => {
      const error = await catchError(
        openSession({ partner: oauthPartner, baseUrl: 'https://partner.example', ...overrides }),
      );
      assert.ok(isPartnerAuthError(error), String(error));
      assert.deepEqual([error.code, error.setting], ['configuration', setting]);
      assert.match(error.message, message);
    });
  }

  it('refuses an unknown field of the option', () =>
    assert.rejects(
      openSession({
        partner: oauthPartner,
        baseUrl: 'https://partner.example',
        client: { id: 'a', key: 'b' } as never,
      }),
      { name: 'TypeError', message: /Unknown client setting "key"/ },
    ));

  it('refuses a credential with its name', () =>
    withRawPartner(
      { partner: withClient({ send: 'body' }), client, signedIn: false },
      async ({ session, received }) => {
        await assert.rejects(session.login({ user: 'a', password: 'b-secret', client_id: 'x' }), {
          code: 'configuration',
          setting: 'client_id',
          message: /option client/,
        });
        assert.equal(received.length, 0);
      },
    ));

  const wrong: readonly (readonly [title: string, change: object, setting: string, message: RegExp])[] = [
    ['another way to send it', { client: { send: 'header' } }, 'partner.client.send', /"basic" \| "body"/],
    [
      'field names with Basic',
      { client: { send: 'basic', idField: 'id' } },
      'partner.client',
      /no effect with "basic"/,
    ],
    ['the name of a credential', { client: { send: 'body', idField: 'username' } }, 'partner.client', /"username"/],
    ['the name of the token field', { client: { send: 'body', secretField: 'token' } }, 'partner.client', /logout/],
    [
      'a constant field with its name',
      { client: { send: 'body' }, login: { path: '/l', extraFields: { client_secret: 'x' } } },
      'partner.login.extraFields.client_secret',
      /the session sets/,
    ],
    [
      'a bearer next to Basic',
      { logout: { path: '/l', authorization: 'accessToken' } },
      'partner.logout.authorization',
      /cannot be combined.*"basic"/,
    ],
    ['neither client nor credentials', { client: undefined, credentials: [] }, 'partner.credentials', /at least one/],
  ];
  for (const [title, change, setting, message] of wrong) {
    it(`refuses ${title} in a definition`, async () => {
      const error = await catchError(Promise.resolve().then(() => definePartner({ ...oauthPartner, ...change })));
      assert.ok(isPartnerAuthError(error), String(error));
      assert.deepEqual([error.code, error.setting], ['configuration', setting]);
      assert.match(error.message, message);
    });
  }
});
