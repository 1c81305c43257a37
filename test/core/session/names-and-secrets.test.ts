import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSession, type AuthExchange } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

describe('a secret that is the same as the name of a field', () => {
  it('hides no name, and its value stays masked', async () => {
    const credentials = { password: 'password' };
    const client = { id: 'shop', secret: 'client_secret' };
    const definition = { ...oauthPartner, client: { send: 'body' } as const };
    await using sandbox = await startSandbox({ definitions: [{ definition, credentials, client }] });
    const profile = sandbox.profiles.oauth;
    assert.ok(profile);
    const lines: string[] = [];
    const note = (line: string): void => void lines.push(line);
    const logger = { debug: note, info: note, warn: note, error: note };
    await using session = await openSession({ ...profile, logger });
    const exchanges: AuthExchange[] = [];
    session.on('exchange', (exchange) => void exchanges.push(exchange));
    await session.login(profile.credentials);
    await session.refresh();
    await assert.rejects(session.login({ ...profile.credentials, username: 'nobody' }));
    const [login, refresh, refused] = exchanges;
    assert.ok(login && refresh && refused);
    assert.deepEqual(Object.keys(login.payload as object).sort(), [
      'client_id',
      'client_secret',
      'grant_type',
      'password',
      'scope',
      'username',
    ]);
    const shown = login.payload as Readonly<Record<string, string>>;
    assert.equal(shown.grant_type, 'password');
    for (const name of ['password', 'client_secret']) assert.match(shown[name] ?? '', /^•+$/);
    assert.ok('refresh_token' in (refresh.payload as object) && 'refresh_token' in (refresh.response as object));
    assert.match(refused.message ?? '', /Check username, password/);
    assert.doesNotMatch([...lines, JSON.stringify(exchanges)].join('\n'), /\[hidden\]/);
  });

  it('hides no name that it is a part of', () =>
    withRawPartner({ partner: plainPartner, signedIn: false }, async ({ session, on }) => {
      const exchanges: AuthExchange[] = [];
      session.on('exchange', (exchange) => void exchanges.push(exchange));
      on('POST /login', (response) => response.writeHead(401).end('{"message":"No password is pass"}'));
      const message = /It said: "No password is \[hidden\]"\. Check user, password\./;
      await assert.rejects(session.login({ user: 'ann', password: 'pass' }), message);
      assert.deepEqual(Object.keys(exchanges[0]?.payload as object), ['user', 'password']);
      assert.match(exchanges[0]?.message ?? '', message);
    }));

  it('is hidden in a message if it is not the name of a field', () =>
    withRawPartner({ partner: plainPartner, signedIn: false }, async ({ session, on }) => {
      on('POST /login', (response) => response.writeHead(401).end('{"message":"no-such-word is wrong"}'));
      await assert.rejects(session.login({ user: 'ann', password: 'no-such-word' }), /\[hidden\] is wrong/);
    }));
});

describe('a masked exchange', () => {
  it('has its headers as an object of strings', () =>
    withRawPartner({ partner: plainPartner, signedIn: false }, async ({ session }) => {
      const exchanges: AuthExchange[] = [];
      session.on('exchange', (exchange) => void exchanges.push(exchange));
      await session.login({ user: 'ann', password: 'S3cret-of-ann' });
      assert.deepEqual(exchanges[0]?.headers, { 'content-type': 'application/json' });
    }));
});

describe('a content type that a call states among its headers', () => {
  for (const name of ['content-type', 'Content-Type', 'CONTENT-TYPE']) {
    it(`is the only one that is sent, spelled ${name}`, () =>
      withRawPartner({ partner: plainPartner }, async ({ session, server }) => {
        const received: string[][] = [];
        server.on('request', ({ rawHeaders }) => void received.push(rawHeaders));
        await session.request('/orders', { payload: { a: 1 }, headers: { [name]: 'application/vnd.api+json' } });
        const values = received[0]?.filter(
          (_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === 'content-type',
        );
        assert.deepEqual(values, ['application/vnd.api+json']);
      }));
  }
});
