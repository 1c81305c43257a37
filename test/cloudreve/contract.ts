import assert from 'node:assert/strict';

/** A Cloudreve server: the sandbox, or a real one of which an administrator is known. */
export interface CloudreveServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly email: string;
  readonly password: string;
  /** Changes settings for what follows. */
  configure(settings: CloudreveSettings): Promise<void>;
  /** Lets time pass at the server. */
  pass(seconds: number): Promise<void>;
  /** The text of a picture, where it can be known. */
  captchaText?(ticket: string): string | undefined;
}

export interface CloudreveSettings {
  /** Seconds. Default 3600. */
  readonly accessLifetime?: number;
  /** The captcha of the login. Default: none. */
  readonly captcha?:
    'normal' | 'tcaptcha' | 'turnstile' | 'recaptcha' | 'recaptchaWithoutSecret' | 'cap' | 'capWithoutSecret';
}

/** What a server of version 4.18.0 does, and the lines of its source that say so. */
export interface Fact {
  readonly title: string;
  readonly source: string;
  readonly check: (server: CloudreveServer) => Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly code: unknown;
  readonly msg: unknown;
  readonly data: unknown;
  readonly json: Readonly<Record<string, unknown>>;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly access_expires: string;
  readonly refresh_expires: string;
}

const token = '/session/token';
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function call({ url }: CloudreveServer, path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${url}/api/v4${path}`, { redirect: 'manual', ...init });
  const text = await response.text();
  const json = parse(text);
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    code: json.code,
    msg: json.msg,
    data: json.data,
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function send(server: CloudreveServer, method: string, path: string, body: unknown): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  return call(server, path, { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

function withBearer(server: CloudreveServer, path: string, authorization: string): Promise<Reply> {
  return call(server, path, { headers: { authorization } });
}

export async function signIn(server: CloudreveServer, changes: object = {}): Promise<Tokens> {
  const { email, password } = server;
  const reply = await send(server, 'POST', token, { email, password, ...changes });
  assert.equal(reply.code, 0, reply.text);
  return (reply.data as { token: Tokens }).token;
}

async function refresh(server: CloudreveServer, { refresh_token }: Tokens): Promise<Tokens> {
  const reply = await send(server, 'POST', `${token}/refresh`, { refresh_token });
  assert.equal(reply.code, 0, reply.text);
  return reply.data as Tokens;
}

function claims(jwt: string): Readonly<Record<string, unknown>> {
  return parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

function refusalOf({ status, code, msg }: Reply): readonly unknown[] {
  return [status, code, msg];
}

function hasCorrelationId({ json }: Reply): boolean {
  return typeof json.correlation_id === 'string' && uuid.test(json.correlation_id);
}

export const facts: readonly Fact[] = [
  {
    title: 'compares the email without letter case',
    source: 'inventory/user.go:419 (EqualFold), service/user/register.go:39',
    async check(server) {
      await signIn(server, { email: server.email.toUpperCase() });
    },
  },
  {
    title: 'refuses an unknown email and a wrong password alike, with a correlation id',
    source: 'service/user/login.go:124-141',
    async check(server) {
      for (const changes of [{ email: 'nobody@example.com' }, { password: 'a wrong one' }]) {
        const reply = await send(server, 'POST', token, { email: server.email, password: server.password, ...changes });
        assert.deepEqual(refusalOf(reply), [200, 40080, 'Incorrect password or email address']);
        assert.ok(hasCorrelationId(reply));
      }
    },
  },
  {
    title: 'names the first field that is not valid, without a correlation id',
    source: 'routers/controllers/main.go:51-97, pkg/serializer/error.go:320',
    async check(server) {
      for (const [body, msg] of [
        [{ password: 'long enough' }, 'Email cannot be empty'],
        [{ email: 'x', password: 'long enough' }, 'Email format error'],
        [{ email: 'a@example.com' }, 'Password cannot be empty'],
        [{ email: 'a@example.com', password: 'abc' }, 'Password too short'],
        [{ email: 5 }, 'JSON marshall error'],
      ] as const) {
        const reply = await send(server, 'POST', token, body);
        assert.deepEqual([...refusalOf(reply), hasCorrelationId(reply)], [200, 40001, msg, false]);
      }
    },
  },
  {
    title: 'states both deadlines as RFC 3339, and cuts `exp` to the second',
    source: 'pkg/auth/jwt.go:258, 274, 287-288',
    async check(server) {
      const tokens = await signIn(server);
      for (const [jwt, deadline] of [
        [tokens.access_token, tokens.access_expires],
        [tokens.refresh_token, tokens.refresh_expires],
      ] as const) {
        assert.match(deadline, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
        assert.equal(claims(jwt).exp, Math.floor(Date.parse(deadline) / 1000));
      }
    },
  },
  {
    title: 'refreshes within the same family, and keeps the old refresh token valid',
    source: 'pkg/auth/jwt.go:188-194, 253-278',
    async check(server) {
      const first = await signIn(server);
      const second = await refresh(server, first);
      assert.equal(claims(second.refresh_token).root_token_id, claims(first.refresh_token).root_token_id);
      await refresh(server, first);
    },
  },
  {
    title: 'refuses every unusable refresh token with the same code',
    source: 'pkg/auth/jwt.go:125-186',
    async check(server) {
      const { access_token } = await signIn(server);
      for (const refresh_token of ['x', access_token]) {
        const reply = await send(server, 'POST', `${token}/refresh`, { refresh_token });
        assert.deepEqual(refusalOf(reply), [200, 40020, 'Failed to issue token pair']);
      }
    },
  },
  {
    title: 'revokes the refresh tokens of a login on sign-out, but not its access tokens',
    source: 'service/user/login.go:194-208',
    async check(server) {
      const { access_token, refresh_token } = await signIn(server);
      const reply = await send(server, 'DELETE', token, { refresh_token });
      assert.deepEqual([reply.code, reply.data], [0, '']);
      assert.equal((await send(server, 'POST', `${token}/refresh`, { refresh_token })).code, 40020);
      assert.equal((await withBearer(server, '/user/capacity', `Bearer ${access_token}`)).code, 0);
    },
  },
  {
    title: 'accepts an access token for a sign-out, which revokes nothing',
    source: 'service/user/login.go:194-208',
    async check(server) {
      const tokens = await signIn(server);
      assert.equal((await send(server, 'DELETE', token, { refresh_token: tokens.access_token })).code, 0);
      await refresh(server, tokens);
    },
  },
  {
    title: 'responds HTTP 200 and code 401 to an expired or missing token on a protected route',
    source: 'pkg/auth/jwt.go:209-216, middleware/auth.go:92-101',
    async check(server) {
      await server.configure({ accessLifetime: 1 });
      const { access_token } = await signIn(server);
      await server.pass(2);
      for (const reply of [
        await withBearer(server, '/user/capacity', `Bearer ${access_token}`),
        await call(server, '/user/capacity'),
      ]) {
        assert.deepEqual(refusalOf(reply), [200, 401, 'Login required']);
        assert.ok(hasCorrelationId(reply));
      }
    },
  },
  {
    title: 'treats an expired token as an anonymous caller on a route that is open to all',
    source: 'routers/router.go:270-281, middleware/auth.go:92-101',
    async check(server) {
      await server.configure({ accessLifetime: 1 });
      const { access_token } = await signIn(server);
      await server.pass(2);
      const { code, data } = await withBearer(server, '/site/config/basic', `Bearer ${access_token}`);
      const user = (data as { user?: { email?: string } }).user;
      assert.deepEqual([code, user?.email], [0, undefined]);
    },
  },
  {
    title: 'refuses a refresh token as bearer on every route, before it sets Cache-Control',
    source: 'pkg/auth/jwt.go:219, routers/router.go:232-238',
    async check(server) {
      const { access_token, refresh_token } = await signIn(server);
      for (const path of ['/user/capacity', '/site/config/basic']) {
        const reply = await withBearer(server, path, `Bearer ${refresh_token}`);
        assert.deepEqual(refusalOf(reply), [200, 40020, 'Invalid token type']);
        assert.equal(reply.headers.get('cache-control'), null);
      }
      const reply = await withBearer(server, '/user/capacity', `Bearer ${access_token}`);
      assert.equal(reply.headers.get('cache-control'), 'private, no-cache');
    },
  },
  {
    title: 'takes exactly "Bearer " or the bare token',
    source: 'pkg/auth/jwt.go:198-207',
    async check(server) {
      const { access_token } = await signIn(server);
      assert.equal((await withBearer(server, '/user/capacity', access_token)).code, 0);
      assert.equal((await withBearer(server, '/user/capacity', `bearer ${access_token}`)).code, 401);
    },
  },
  {
    title: 'issues a picture with a ticket of 20 characters, which is valid for one attempt, in any letter case',
    source: 'middleware/captcha.go:47-79, inventory/setting.go:539-547, base64Captcha store/memory.go:67-88',
    async check(server) {
      await server.configure({ captcha: 'normal' });
      const { data } = await call(server, '/site/captcha');
      const { image, ticket } = data as { image: string; ticket: string };
      assert.match(image, /^data:image\/png;base64,/);
      assert.equal(ticket.length, 20);
      const text = server.captchaText?.(ticket);
      if (text === undefined) return;
      assert.match(text, /^[A-Z0-9]{6}$/i);
      await server.pass(86_400);
      await signIn(server, { ticket, captcha: text.toLowerCase() });
      const { email, password } = server;
      assert.equal((await send(server, 'POST', token, { email, password, ticket, captcha: text })).code, 40026);
    },
  },
  {
    title: 'checks the captcha before the fields, and broken JSON is one that does not match',
    source: 'middleware/captcha.go:47-79',
    async check(server) {
      await server.configure({ captcha: 'normal' });
      for (const body of ['{', {}, { email: 'x' }])
        assert.deepEqual(refusalOf(await send(server, 'POST', token, body)), [200, 40026, 'CAPTCHA not match.']);
    },
  },
  {
    title: 'states the kind of its captcha in the configuration, and has a picture whatever the kind is',
    source: 'service/basic/site.go:194-207, 227',
    async check(server) {
      await server.configure({ captcha: 'turnstile' });
      const { data } = await call(server, '/site/config/basic');
      assert.equal((data as { captcha_type?: string }).captcha_type, 'turnstile');
      const picture = await call(server, '/site/captcha');
      assert.match((picture.data as { image: string }).image, /^data:image\//);
    },
  },
  {
    title: 'refuses the response of a Turnstile widget with a message of its own',
    source: 'middleware/captcha.go:100-132',
    async check(server) {
      await server.configure({ captcha: 'turnstile' });
      const { email, password } = server;
      const reply = await send(server, 'POST', token, { email, password, ticket: 'x' });
      assert.deepEqual(refusalOf(reply), [200, 40026, 'Captcha validation failed']);
    },
  },
  {
    title: 'refuses the response of a reCAPTCHA widget with a message of its own',
    source: 'middleware/captcha.go:82-98',
    async check(server) {
      await server.configure({ captcha: 'recaptcha' });
      const { email, password } = server;
      const reply = await send(server, 'POST', token, { email, password, captcha: 'x' });
      assert.deepEqual(refusalOf(reply), [200, 40026, 'Verification failed, please refresh the page and retry.']);
    },
  },
  {
    title: 'checks the kind tcaptcha as the picture kind',
    source: 'middleware/captcha.go:74-79',
    async check(server) {
      await server.configure({ captcha: 'tcaptcha' });
      const { email, password } = server;
      const reply = await send(server, 'POST', token, { email, password, ticket: 'x', captcha: 'x' });
      assert.deepEqual(refusalOf(reply), [200, 40026, 'CAPTCHA not match.']);
    },
  },
  {
    title: 'refuses the response of a Cap widget with the message of Turnstile',
    source: 'middleware/captcha.go:164-188',
    async check(server) {
      await server.configure({ captcha: 'cap' });
      const { email, password } = server;
      const reply = await send(server, 'POST', token, { email, password, ticket: 'x' });
      assert.deepEqual(refusalOf(reply), [200, 40026, 'Captcha validation failed']);
    },
  },
  {
    title: 'refuses every login with a message of its own if Cap has no secret',
    source: 'middleware/captcha.go:137-142',
    async check(server) {
      await server.configure({ captcha: 'capWithoutSecret' });
      const { email, password } = server;
      const reply = await send(server, 'POST', token, { email, password, ticket: 'x' });
      assert.deepEqual(refusalOf(reply), [200, 40026, 'Captcha configuration error']);
    },
  },
  {
    title: 'responds to a login without a body if reCAPTCHA has no secret',
    source: 'middleware/captcha.go:84-88 (Abort without JSON)',
    async check(server) {
      await server.configure({ captcha: 'recaptchaWithoutSecret' });
      const { status, text } = await send(server, 'POST', token, { email: server.email, password: server.password });
      assert.deepEqual([status, text], [200, '']);
    },
  },
  {
    title: 'responds to a path below /api that it does not have with a text and HTTP 404',
    source: 'middleware/frontend.go:41-48',
    async check(server) {
      const { status, text } = await call(server, '/api/v4/session/token', { method: 'POST', body: '{}' });
      assert.deepEqual([status, text], [404, '404 page not found']);
    },
  },
  {
    title: 'takes over a correlation id that is a UUID',
    source: 'middleware/common.go:109-112',
    async check(server) {
      const id = '0b4351ec-ee1a-4455-bc94-2c3dbcc58538';
      const reply = await call(server, '/user/capacity', { headers: { 'X-Cr-Correlation-Id': id.toUpperCase() } });
      assert.equal(reply.json.correlation_id, id);
    },
  },
];
