import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { createCipher, partners, type PartnerAuthError } from '../../../core/index.ts';
import { partnerCalls } from '../../../core/exchange/partner-calls.ts';
import { createRedactor } from '../../../core/redact/redactor.ts';
import type { HttpRequest, Transport } from '../../../core/transport/http.ts';
import { jwt, interpret, response } from './responses.ts';

function errorOf(body: unknown, redact?: (text: string) => string): PartnerAuthError {
  const interpretation = interpret('cloudreve', 'login', response(200, body), { redact });
  assert.ok(interpretation.kind === 'failure');
  return interpretation.error;
}

const errorWithMessage = (msg: unknown): PartnerAuthError => errorOf({ code: 99, msg });

const password = 'hunter2-S3cret "quoted" đây';
const credentials = { username: 'a@b.example', password, client_id: 'client', client_secret: 'client-secret-9' };

/** The error of a TCONNECT login whose response `echo` makes from the request. */
async function loginError(echo: (request: HttpRequest) => unknown): Promise<PartnerAuthError> {
  const transport: Transport = {
    send: (request) => Promise.resolve({ kind: 'response', response: response(400, echo(request)) }),
    settled: () => Promise.resolve(),
    close: () => undefined,
  };
  const redactor = createRedactor();
  redactor.add(credentials.password, credentials.client_secret);
  const cipher = createCipher({ key: randomBytes(32), iv: { from: 'key' } });
  const definition = { ...partners.tconnect, response: { ...partners.tconnect.response, correlationId: 'id' } };
  const calls = partnerCalls({
    definition,
    baseUrl: 'https://partner.example',
    origin: 'https://partner.example',
    apiUrl: 'https://partner.example',
    apiOrigin: 'https://partner.example',
    partnerCode: 'CODE',
    cipher,
    transport,
    redactor,
    now: Date.now,
    extraFields: {},
  });
  const result = await calls.login(credentials, { timeout: 1000 });
  assert.ok(result.kind === 'failed');
  return result.error;
}

const ciphertextOf = ({ body }: HttpRequest): string => (JSON.parse(body as string) as { data: string }).data;
const shown = (error: PartnerAuthError): string => `${inspect(error, { showHidden: true })}${JSON.stringify(error)}`;

describe("a partner's message in an error", () => {
  it('is quoted as one line', () => {
    assert.match(
      errorWithMessage('first\r\n  second\tthird\u2028fourth').message,
      /It said: "first second third fourth"\./,
    );
  });

  it('is quoted without control and direction-changing characters', () => {
    const points = [0, 7, 0x1b, 0x7f, 0x85, 0x200b, 0x200e, 0x202a, 0x202e, 0x2028, 0x2066, 0x2069, 0xfeff, 0xe0041];
    const { message } = errorWithMessage(`a${points.map((point) => String.fromCodePoint(point)).join('b')}c`);
    assert.match(message, /It said: "a (?:b )+c"/);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  it('is cut to 200 characters, never inside an emoji', () => {
    for (let lead = 0; lead < 4; lead++) {
      const { message } = errorWithMessage('x'.repeat(lead) + '👋'.repeat(5000));
      const quoted = /It said: "(.*)"\./u.exec(message)?.[1] ?? '';
      assert.ok(quoted.length <= 200 && quoted.endsWith('…'), quoted);
      assert.ok(quoted.isWellFormed());
    }
  });

  it('is omitted if it is not a string or is empty', () => {
    for (const msg of [7, null, ['a'], { text: 'a' }, '', undefined])
      assert.doesNotMatch(errorWithMessage(msg).message, /It said/);
  });

  it('keeps Vietnamese and emoji', () => {
    assert.match(errorWithMessage('Sai mật khẩu 👋').message, /"Sai mật khẩu 👋"/);
  });

  it('hides an echoed password in plain, JSON and URL encoding', async () => {
    const encodings = [password, JSON.stringify(password).slice(1, -1), encodeURIComponent(password)];
    for (const encoded of encodings) {
      const error = await loginError(() => ({ message: `bad password ${encoded} for client-secret-9` }));
      assert.match(error.message, /"bad password \[hidden\] for \[hidden\]"/);
      assert.doesNotMatch(shown(error), /hunter2|client-secret-9/);
    }
  });

  it('hides an echoed ciphertext in full, in part, and in upper case', async () => {
    const echoes: readonly ((ciphertext: string) => string)[] = [
      (ciphertext) => ciphertext,
      (ciphertext) => ciphertext.toUpperCase(),
      (ciphertext) => ciphertext.slice(0, 64),
      (ciphertext) => `data=${ciphertext}&x=1`,
    ];
    for (const echo of echoes) {
      let ciphertext = '';
      const error = await loginError((request) => {
        ciphertext = ciphertextOf(request);
        return { message: `cannot read ${echo(ciphertext)}` };
      });
      assert.match(error.message, /cannot read .*\[hidden\]/);
      assert.ok(!shown(error).toLowerCase().includes(ciphertext.slice(0, 16)));
    }
  });

  it('hides a JWT and a bearer token', async () => {
    const token = jwt({ sub: 'someone' });
    const error = await loginError(() => ({ message: `token ${token} or Bearer abcdefgh12345678 is bad` }));
    assert.match(error.message, /token \[hidden\] or \[hidden\] is bad/);
  });

  it('hides a secret in place of a code or correlation id', async () => {
    const secret = 'client-secret-9';
    const error = await loginError(() => ({ code: secret, id: secret, message: 'no' }));
    assert.doesNotMatch(shown(error), /client-secret-9/);
  });

  it('hides a secret where a long message is cut', async () => {
    for (let shift = 0; shift < password.length; shift++) {
      const error = await loginError((request) => {
        const ciphertext = ciphertextOf(request);
        const echoed = ciphertext.repeat(Math.floor(3990 / ciphertext.length));
        return { message: echoed.padEnd(4000 - password.length + shift, ' ') + password };
      });
      assert.doesNotMatch(shown(error), /hunte|hun"|hunt"|\[hidden\] h/);
    }
  });

  it('is redacted in linear time, even if it is hostile', () => {
    // Quadratic matching of a 1 MB message would take minutes and exceed the test runner's timeout.
    const { redact } = createRedactor();
    for (const text of ['eyJaaaa', 'eyJ', 'Bearer ', 'a', 'eyJaaaa.']) {
      const error = errorOf({ code: 99, msg: text.repeat(1_000_000 / text.length) }, redact);
      assert.ok(error.message.length < 400);
    }
  });

  it('is one line without control characters for arbitrary strings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ unit: 'binary' }), (msg, code) => {
        const { message } = errorOf({ code, msg });
        return !/[\p{C}\p{Zl}\p{Zp}]/u.test(message) && message.length < 500;
      }),
      { numRuns: 1000 },
    );
  });
});
