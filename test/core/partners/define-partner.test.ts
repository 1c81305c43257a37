import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { definePartner, isPartnerAuthError, type PartnerDefinition } from '../../../core/index.ts';
import { withValue, maximalDefinition, minimalDefinition } from './definitions.ts';

function assertRefused(definition: unknown, setting: string, message: RegExp): void {
  assert.throws(
    () => definePartner(definition as PartnerDefinition),
    (error: unknown) => {
      assert.ok(isPartnerAuthError(error), String(error));
      assert.equal(error.code, 'configuration');
      assert.equal(error.setting, setting);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(setting), error.message);
      assert.doesNotMatch(error.message, /[\p{C}]/u);
      return true;
    },
  );
}

function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

describe('definePartner', () => {
  for (const [name, make] of [
    ['maximal', maximalDefinition],
    ['minimal', minimalDefinition],
  ] as const) {
    it(`accepts a ${name} definition and returns an equal, frozen copy`, () => {
      const given = make();
      const defined = definePartner(given);
      assert.deepEqual(defined, make());
      const originals = new Set(objectsIn(given));
      for (const object of objectsIn(defined)) {
        assert.ok(Object.isFrozen(object));
        assert.ok(!originals.has(object));
      }
      assert.ok(objectsIn(given).every((object) => !Object.isFrozen(object)));
      assert.deepEqual(definePartner(defined), defined);
    });
  }

  it('returns a copy that later changes to the original do not affect', () => {
    const given = maximalDefinition();
    const defined = definePartner(given);
    (given.login as { path: string }).path = '/elsewhere';
    (given.headers as Record<string, string>)['X-Partner'] = 'other';
    assert.deepEqual(defined, maximalDefinition());
  });

  it('reads a getter once, so that its value cannot change after validation', () => {
    let reads = 0;
    const given = {
      ...minimalDefinition(),
      get login() {
        reads++;
        return { path: reads === 1 ? '/login' : '//evil.example/login' };
      },
    };
    assert.equal(definePartner(given).login.path, '/login');
  });

  const wrong: readonly (readonly [path: string, value: unknown, setting: string, message: RegExp])[] = [
    ['id', undefined, 'partner.id', /is missing/],
    ['id', 'Acme', 'partner.id', /lower-case/],
    ['id', '9acme', 'partner.id', /starting with a letter/],
    ['id', 'a'.repeat(65), 'partner.id', /lower-case/],
    ['id', 'acme\n', 'partner.id', /lower-case/],
    ['label', '', 'partner.label', /1 to 80/],
    ['label', 'A\u202eB', 'partner.label', /printable/],
    ['label', 7, 'partner.label', /must be string, not 7/],
    ['baseUrls.1.url', 'nowhere', 'partner.baseUrls.1.url', /must be a URL/],
    ['baseUrls.0.label', undefined, 'partner.baseUrls.0.label', /is missing/],
    ['headers.X-Partner', '{partner}', 'partner.headers.X-Partner', /no placeholder other than \{partnerCode\}/],
    ['headers.X-Partner', '{partnerCode', 'partner.headers.X-Partner', /placeholder/],
    ['headers.X-Partner', '{{partnerCode}}', 'partner.headers.X-Partner', /placeholder/],
    ['headers.X-Partner', 'a\r\nX-Evil: 1', 'partner.headers.X-Partner', /printable ASCII/],
    ['headers.X-Partner', 'a\n', 'partner.headers.X-Partner', /printable ASCII/],
    ['headers.X-Partner', 'á', 'partner.headers.X-Partner', /printable ASCII/],
    ['headers', { 'X Partner': 'a' }, 'partner.headers.X Partner', /HTTP header name/],
    ['headers', { 'x-partner': 'a', 'X-Partner': 'b' }, 'partner.headers', /twice/],
    ['headers', { Host: 'evil.example' }, 'partner.headers', /"host": the transport sets it/],
    ['headers', { 'Content-Length': '1' }, 'partner.headers', /"content-length": the transport sets it/],
    ['headers', { 'transfer-encoding': 'chunked' }, 'partner.headers', /"transfer-encoding": the transport sets it/],
    ['body', undefined, 'partner.body', /is missing/],
    ['body', { form: 'xml' }, 'partner.body.form', /"json" \| "multipart" \| "encrypted"/],
    ['body', { form: 'encrypted' }, 'partner.body.field', /is missing/],
    ['body', { form: 'json', field: 'data' }, 'partner.body.field', /not a known field/],
    ['requestBody.form', 'none', 'partner.requestBody.form', /must be/],
    ['credentials', [], 'partner.credentials', /at least one/],
    ['credentials.0.name', 'user name', 'partner.credentials.0.name', /without spaces/],
    ['credentials.1.secret', 'yes', 'partner.credentials.1.secret', /must be boolean, not another string/],
    ['credentials.1.name', 'user.name', 'partner.credentials', /"user\.name" twice/],
    ['login', undefined, 'partner.login', /is missing/],
    ['login.path', undefined, 'partner.login.path', /is missing/],
    ['login.path', 'v1/login', 'partner.login.path', /starts with one "\/"/],
    ['login.path', '//evil.example/login', 'partner.login.path', /starts with one "\/"/],
    ['login.path', 'https://evil.example/', 'partner.login.path', /starts with one "\/"/],
    ['login.path', '/\\evil.example', 'partner.login.path', /without spaces, "\\"/],
    ['login.path', '/a b', 'partner.login.path', /without spaces/],
    ['login.path', '/a\r\nHost: evil', 'partner.login.path', /without spaces/],
    ['login.path', '/a#b', 'partner.login.path', /without spaces/],
    ['login.method', 'TRACE', 'partner.login.method', /"GET" \| "POST"/],
    ['login.extraFields', 'grant', 'partner.login.extraFields', /must be an object/],
    ['login.extraFields', ['grant'], 'partner.login.extraFields', /must be an object/],
    ['login.tokensIn', 'a..b', 'partner.login.tokensIn', /names joined by dots/],
    ['login.timeout', 7, 'partner.login.timeout', /not a known field/],
    ['refresh.tokenField', undefined, 'partner.refresh.tokenField', /is missing/],
    ['logout.tokenField', '', 'partner.logout.tokenField', /must be a name/],
    ['oneTimeCode', undefined, 'partner.errors.0', /partner\.oneTimeCode is missing/],
    ['oneTimeCode.lifetime', 0, 'partner.oneTimeCode.lifetime', /at least 1 second/],
    ['oneTimeCode.lifetime', 90_000, 'partner.oneTimeCode.lifetime', /at most a day/],
    ['oneTimeCode.lifetime', NaN, 'partner.oneTimeCode.lifetime', /must be number, not null/],
    ['captcha', undefined, 'partner.errors.1', /partner\.captcha is missing/],
    ['captcha.imageIn', undefined, 'partner.captcha.imageIn', /is missing/],
    ['response', undefined, 'partner.response', /is missing/],
    ['response.accessToken', undefined, 'partner.response.accessToken', /is missing/],
    ['response.accessExpiry.unit', 'ms', 'partner.response.accessExpiry.unit', /"seconds" \| "rfc3339"/],
    ['response.success.equals', null, 'partner.response.success.equals', /must be/],
    ['errors.2', { is: 'sessionEnded' }, 'partner.errors.2', /matches every response/],
    ['errors.2', { on: ['login'], is: 'sessionEnded' }, 'partner.errors.2', /matches every response/],
    ['errors.2.is', 'gone', 'partner.errors.2.is', /must be/],
    ['errors.2.on', ['signIn'], 'partner.errors.2.on.0', /must be/],
    ['errors.2.status', 401.5, 'partner.errors.2.status', /whole number/],
    ['errors.2.reason', 'x', 'partner.errors.2.reason', /not a known field/],
    ['example.payload', [1], 'partner.example.payload', /must be an object/],
    ['example.safe', undefined, 'partner.example.safe', /is missing/],
    ['retries', 3, 'partner.retries', /not a known field/],
  ];
  for (const [path, value, setting, message] of wrong) {
    const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40);
    it(`refuses ${path} ${shown} and names ${setting}`, () => {
      assertRefused(withValue(maximalDefinition(), path, value), setting, message);
    });
  }

  const notDefinitions: readonly (readonly [string, unknown, RegExp])[] = [
    ['undefined', undefined, /must be a JSON object/],
    ['a function', () => 1, /must be a JSON object/],
    ['null', null, /must be Object, not null/],
    ['a string', 'tconnect', /must be Object, not another string/],
    ['a number', 7, /must be Object, not 7/],
  ];
  for (const [name, value, message] of notDefinitions) {
    it(`refuses ${name} in place of a definition`, () => assertRefused(value, 'partner', message));
  }

  it('refuses a list in place of a definition', () => assertRefused([minimalDefinition()], 'partner.id', /is missing/));

  it('refuses a definition that refers to itself', () => {
    const cyclic: Record<string, unknown> = { ...minimalDefinition() };
    cyclic.login = { path: '/login', extraFields: { self: cyclic } };
    assertRefused(cyclic, 'partner', /has a circular reference/);
  });

  it('refuses a value that JSON cannot represent', () => {
    assertRefused(
      withValue(minimalDefinition(), 'login.extraFields', { amount: 1n }),
      'partner',
      /that JSON cannot represent/,
    );
  });

  it('refuses a definition over 256 KiB', () => {
    const extraFields = { filler: 'x'.repeat(256 * 1024) };
    assertRefused(withValue(minimalDefinition(), 'login.extraFields', extraFields), 'partner', /larger than 256 KiB/);
  });

  it('accepts or refuses deep nesting without a stack overflow', () => {
    for (const depth of [100, 1_000, 5_000, 20_000, 100_000]) {
      let deep: unknown = 1;
      for (let level = 0; level < depth; level++) deep = [deep];
      const given = minimalDefinition();
      const definition = { ...given, login: { ...given.login, extraFields: { deep } } } as PartnerDefinition;
      try {
        assert.equal(definePartner(definition).id, 'm');
      } catch (error) {
        assert.ok(isPartnerAuthError(error), `${depth} levels: ${String(error)}`);
      }
    }
  });

  it('quotes no string value in an error, because it may be a misplaced secret', () => {
    const secret = 'hunter2-Sup3rS3cret';
    const paths = [
      'body',
      'login',
      'credentials',
      'oneTimeCode.lifetime',
      'response.success',
      'errors',
      'example.safe',
    ];
    for (const path of paths) {
      assert.throws(
        () => definePartner(withValue(maximalDefinition(), path, secret)),
        (error: Error) => isPartnerAuthError(error) && !`${error.message}${JSON.stringify(error)}`.includes(secret),
      );
    }
  });

  it('throws only configuration errors for arbitrary JSON', () => {
    const fields = fc.constantFrom(...Object.keys(maximalDefinition()));
    fc.assert(
      fc.property(fields, fc.jsonValue(), (field, value) => {
        try {
          return Object.isFrozen(definePartner({ ...maximalDefinition(), [field]: value }));
        } catch (error) {
          return isPartnerAuthError(error) && error.code === 'configuration';
        }
      }),
      { numRuns: 500 },
    );
  });
});
