import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createCipher,
  definePartner,
  isPartnerAuthError,
  openSession,
  type BodyForm,
  type CipherSettings,
  type PartnerAuthError,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner, withPartner, type Reply } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const urlencoded: BodyForm = { form: 'urlencoded' };
const ciphertext: BodyForm = { form: 'encrypted', envelope: 'none' };
const cipher: CipherSettings = { key: 'k'.repeat(32), iv: { from: 'key' } };
const formType = 'application/x-www-form-urlencoded';

async function configurationProblem(call: () => unknown): Promise<PartnerAuthError> {
  const error = await catchError(Promise.resolve().then(call));
  assert.ok(isPartnerAuthError(error) && error.code === 'configuration', String(error));
  return error;
}

describe('a body of form fields', () => {
  const partner: PartnerDefinition = {
    ...plainPartner,
    body: urlencoded,
    login: {
      path: '/login',
      extraFields: { grant_type: 'password', scope: 'a b', audience: ['x', 'y'], strict: true },
    },
  };

  it('carries the payloads of auth calls and of protected calls', () =>
    withRawPartner({ partner }, async ({ session, received }) => {
      await session.refresh();
      await session.request('/orders', { payload: { q: 'a&b=c', tags: ['x', 'ü'], n: 1, filter: { a: [1] } } });
      assert.deepEqual(
        received.map(({ headers, body }) => [headers['content-type'], String(body)]),
        [
          [formType, 'user=ann&password=S3cret-of-ann&grant_type=password&scope=a+b&audience=x&audience=y&strict=true'],
          [formType, 'refresh=refresh-1'],
          [formType, 'q=a%26b%3Dc&tags=x&tags=%C3%BC&n=1&filter=%7B%22a%22%3A%5B1%5D%7D'],
        ],
      );
    }));

  it('may be that of protected calls alone', () =>
    withRawPartner({ partner: { ...plainPartner, requestBody: urlencoded } }, async ({ session, received }) => {
      await session.request('/orders', { payload: { a: 1 } });
      assert.deepEqual(
        received.map(({ headers }) => headers['content-type']),
        ['application/json', formType],
      );
    }));

  it('may be selected by the option bodyForm', () =>
    withRawPartner({ bodyForm: 'urlencoded' }, ({ received }) => {
      assert.equal(String(received[0]?.body), 'user=ann&password=S3cret-of-ann');
      return Promise.resolve();
    }));

  it('refuses what it cannot carry, before anything is sent', async () => {
    await withRawPartner({ partner }, async ({ session, received }) => {
      for (const payload of [{ a: null }, { a: [null] }, { a: Buffer.from('x') }, [1]])
        await assert.rejects(session.request('/orders', { payload }), /payload.* (null|Buffer|list)/);
      assert.equal(received.length, 1);
    });
    const definition = { ...partner, refresh: { path: '/r', tokenField: 'r', extraFields: { scope: null } } };
    const { setting } = await configurationProblem(() => definePartner(definition));
    assert.equal(setting, 'partner.refresh.extraFields.scope');
  });

  it('is understood by the sandbox, which refuses any other', async () => {
    const definition = { ...partner, id: 'forms', example: { method: 'POST', path: '/me', safe: true } as const };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const profile = sandbox.profiles.forms;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    await session.refresh();
    const { body } = await session.request<{ received: unknown }>('/me', { payload: { a: ['x', 'y'], b: 1 } });
    assert.deepEqual(body.received, { a: ['x', 'y'], b: '1' });
    await using other = await openSession({ ...profile, bodyForm: 'json' });
    await assert.rejects(other.login(profile.credentials));
  });
});

describe('a body that is nothing but ciphertext', () => {
  const partner: PartnerDefinition = { ...plainPartner, body: ciphertext };

  it('is the encrypted payload as text', () =>
    withRawPartner({ partner, cipher }, async ({ session, received }) => {
      await session.request('/orders', { payload: { text: 'x'.repeat(400_000) } });
      const [login, order] = received;
      assert.ok(login);
      assert.equal(login.headers['content-type'], 'text/plain');
      assert.match(String(login.body), /^[\da-f]+$/);
      assert.deepEqual(JSON.parse(createCipher(cipher).decrypt(String(login.body))), plainCredentials);
      assert.equal(createCipher(cipher).decrypt(String(order?.body)).length, 400_011);
    }));

  it('may contain a query string, and have the content type that the definition states', () =>
    withRawPartner(
      {
        partner: {
          ...partner,
          headers: { 'Content-Type': 'application/octet-stream' },
          body: { ...ciphertext, payload: 'query' },
        },
        cipher,
      },
      ({ received }) => {
        assert.equal(received[0]?.headers['content-type'], 'application/octet-stream');
        assert.equal(createCipher(cipher).decrypt(String(received[0].body)), 'user=ann&password=S3cret-of-ann');
        return Promise.resolve();
      },
    ));

  it('is understood by the sandbox', async () => {
    const definition: PartnerDefinition = { ...partner, id: 'bare' };
    await using sandbox = await startSandbox({ definitions: [{ definition, cipher: { iv: { from: 'prefix' } } }] });
    const profile = sandbox.profiles.bare;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    assert.deepEqual(sandbox.journal.at(-1)?.payload, profile.credentials);
  });

  for (const [title, body, setting] of [
    ['a field', { ...ciphertext, field: 'data' }, 'partner.body.field'],
    ['constant fields', { ...ciphertext, fields: { a: 'b' } }, 'partner.body.fields'],
  ] as const) {
    it(`cannot have ${title}`, async () => {
      const error = await configurationProblem(() => definePartner({ ...partner, body: body as unknown as BodyForm }));
      assert.equal(error.setting, setting);
      assert.match(error.message, /has no effect.*"none"/);
    });
  }

  it('cannot be used with an IV that has a field of its own', async () => {
    const settings: CipherSettings = { key: 'k'.repeat(32), iv: { from: 'field', name: 'iv' } };
    const baseUrl = 'https://partner.example';
    const error = await configurationProblem(() => openSession({ partner, baseUrl, cipher: settings }));
    assert.equal(error.setting, 'cipher.iv');
    assert.match(error.message, /nothing but the ciphertext/);
  });
});

describe('a login that is refused because of the form of its body', () => {
  const message = (text: string): Reply => ({ status: 400, body: { code: 'X', message: text } });
  const refused: readonly (readonly [title: string, body: BodyForm, reply: Reply, advice: RegExp])[] = [
    [
      'a message that names form fields',
      { form: 'json' },
      message(`only ${formType} content-type bodies are supported`),
      /names application\/x-www-form-urlencoded, but the body was sent as application\/json.*"urlencoded"/,
    ],
    [
      'a message that names an encoded form',
      { form: 'json' },
      message('Request body must be form-encoded'),
      /names application\/x-www-form-urlencoded/,
    ],
    [
      'a message that also names what was sent',
      urlencoded,
      message(`Content type '${formType}' not supported; send application/json.`),
      /names application\/json, but the body was sent as application\/x-www-form-urlencoded.*"json"/,
    ],
    [
      'a text alone',
      urlencoded,
      { status: 415, headers: { 'content-type': 'text/plain' }, body: 'expected multipart/form-data' },
      /names multipart\/form-data/,
    ],
    [
      'Accept-Post',
      { form: 'multipart' },
      { status: 415, headers: { 'accept-post': `${formType}; charset=utf-8` } },
      /accepts application\/x-www-form-urlencoded, but the body was sent as multipart\/form-data/,
    ],
    [
      'a code of OAuth 2.0',
      { form: 'json' },
      { status: 400, body: { error: 'unsupported_grant_type' } },
      /OAuth 2\.0 requires application\/x-www-form-urlencoded/,
    ],
  ];
  for (const [title, body, reply, advice] of refused) {
    it(`says which form is right by ${title}`, () =>
      withPartner({ definition: { ...plainPartner, body } }, async ({ session, reply: set }) => {
        set('/login', reply);
        const error = await catchError(session.login(plainCredentials));
        assert.ok(isPartnerAuthError(error));
        assert.match(error.message, advice);
        assert.equal(error.setting, 'partner.body');
      }));
  }

  it('says which envelope is right', () => {
    const body: BodyForm = { form: 'encrypted', field: 'data' };
    return withPartner({ definition: { ...plainPartner, body }, cipher }, async ({ session, reply }) => {
      reply('/login', message(`Send ${formType}`));
      await assert.rejects(session.login(plainCredentials), /Set partner\.body\.envelope to 'form'/);
    });
  });

  for (const [title, reply] of [
    ['names the form that was sent', message('Invalid JSON')],
    ['names it among others', message('Send multipart/form-data or application/json')],
    ['accepts the form that was sent', { status: 415, headers: { 'accept-post': `${formType}, application/json` } }],
    ['has another status', { status: 422, body: { code: 'X', message: `Send ${formType}` } }],
  ] as const) {
    it(`says nothing about it if the response ${title}`, () =>
      withPartner({}, async ({ session, reply: set }) => {
        set('/login', reply);
        const error = await catchError(session.login(plainCredentials));
        assert.ok(isPartnerAuthError(error));
        assert.doesNotMatch(error.message, /but the body was sent/);
      }));
  }
});
