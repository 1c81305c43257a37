import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, openSession, partners, type AuthExchange, type PartnerSession } from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { catchError } from '../../helpers/with-session.ts';
import { assertHidden, withExchanges, partnerIds } from './with-exchanges.ts';

describe('session.on("exchange")', () => {
  for (const name of partnerIds) {
    it(`reports login, refresh and logout at ${name} with every secret masked`, () =>
      withExchanges(name, async ({ session, sandbox, credentials, masked, secrets }) => {
        await session.login(credentials);
        await session.refresh();
        await session.signOut();
        const calls = sandbox.journal.map(({ call }) => call);
        assert.deepEqual(
          masked.map(({ call }) => call),
          calls,
        );
        assertHidden(masked, secrets());
        const encrypted = name === 'tconnect' || name === 'acme-pay';
        for (const [index, exchange] of masked.entries()) {
          const { path, method } = sandbox.journal[index] ?? {};
          assert.equal(exchange.url, `${sandbox.url}${path ?? ''}`);
          assert.equal(exchange.method, method);
          assert.equal(exchange.status, 200);
          assert.equal(exchange.outcome, 'success');
          assert.equal(exchange.message, undefined);
          assert.ok(Math.abs(exchange.at - Date.now()) < 60_000);
          assert.equal(exchange.cipher !== undefined, encrypted);
          assert.match(exchange.body, /^•+ \(\d+ characters\)$/);
        }
      }));

    it(`reveals payload, body and response of ${name} to a listener with { reveal: true }`, () =>
      withExchanges(name, async ({ session, sandbox, credentials, masked, revealed }) => {
        await session.login(credentials);
        const tokens = sandbox.tokens(name);
        const [all] = revealed;
        assert.deepEqual(all?.payload, sandbox.journal[0]?.payload);
        assert.equal(all?.body, sandbox.journal[0]?.body);
        const response = JSON.stringify(all?.response);
        assert.ok(tokens && response.includes(tokens.accessToken) && response.includes(tokens.refreshToken));
        // Masking keeps the names of all fields.
        assert.deepEqual(Object.keys(masked[0] ?? {}).sort(), Object.keys(all ?? {}).sort());
        assert.deepEqual(Object.keys(masked[0]?.payload as object), Object.keys(all?.payload as object));
      }));

    it(`reports what ${name} refused, with its message but without secrets`, () =>
      withExchanges(name, async ({ session, credentials, masked, secrets }) => {
        const secretField = Object.keys(credentials).find((field) => /password|secret/.test(field)) ?? '';
        const wrong = { ...credentials, [secretField]: 'Wr0ng-but-still-a-secret' };
        const error = await catchError(session.login(wrong));
        assert.ok(error instanceof Error);
        assert.equal(masked[0]?.outcome, 'invalidCredentials');
        assert.equal(masked[0].message, error.message);
        assert.notEqual(masked[0].response, undefined);
        assertHidden(masked, [...secrets(), 'Wr0ng-but-still-a-secret']);
      }));
  }

  it('reports the cipher settings without key and IV', () =>
    withExchanges('acme-pay', async ({ session, credentials, masked }) => {
      await session.login(credentials);
      assert.deepEqual(masked[0]?.cipher, {
        algorithm: 'aes-256-cbc',
        keyFormat: 'hex',
        derivation: 'none',
        iv: 'key',
        padding: 16,
        output: 'base64',
      });
    }));

  it('reports a lost response, a broken response and an unavailable partner', () =>
    withExchanges('bizmail', async ({ session, sandbox, credentials, masked, secrets }) => {
      const outcomeOf = async (fault: Parameters<Sandbox['fail']>[0]): Promise<AuthExchange | undefined> => {
        sandbox.fail(fault, { times: 9 });
        await catchError(session.login(credentials));
        sandbox.heal();
        return masked.at(-1);
      };
      const lost = await outcomeOf('resetAfter');
      assert.deepEqual([lost?.outcome, lost?.status, lost?.response], ['network', undefined, undefined]);
      const broken = await outcomeOf('brokenJson');
      assert.deepEqual([broken?.outcome, broken?.status, broken?.response], ['invalidResponse', 200, undefined]);
      const busy = await outcomeOf({ status: 503 });
      assert.deepEqual([busy?.outcome, busy?.status], ['partnerUnavailable', 503]);
      assert.equal(masked.length, 3);
      assertHidden(masked, secrets());
    }));

  it('reports a timeout', () =>
    withExchanges(
      'bizmail',
      async ({ session, credentials, masked, secrets }) => {
        await catchError(session.login(credentials));
        assert.deepEqual([masked[0]?.outcome, masked[0]?.status], ['timeout', undefined]);
        assertHidden(masked, secrets());
      },
      { delay: 60_000 },
      { timeout: 300 },
    ));

  it('reports when a call started, with or without a response', () => {
    const clock = manualClock();
    return withExchanges(
      'bizmail',
      async ({ session, sandbox, credentials, masked }) => {
        const started = clock.now();
        await session.login(credentials);
        sandbox.fail('resetAfter', { times: 9 });
        await catchError(session.login(credentials));
        assert.deepEqual(
          masked.map(({ at }) => at - started),
          [0, 20_000],
        );
      },
      { onRequest: () => clock.advance(20_000) },
      { clock },
    );
  });

  it('reports an aborted login', () =>
    withExchanges('bizmail', async ({ session, sandbox, credentials, masked }) => {
      sandbox.set({ delay: 5000 });
      await catchError(session.login(credentials, { signal: AbortSignal.timeout(300) }));
      assert.equal(masked[0]?.outcome, 'aborted');
    }));

  it('hides passwords and ciphertexts that a partner echoes in values and names', () =>
    withExchanges('acme-pay', async ({ session, sandbox, credentials, masked, secrets }) => {
      const password = credentials.api_secret ?? '';
      const first = await ciphertextOfLogin(session, sandbox, credentials);
      sandbox.fail({
        text: JSON.stringify({ status: 'NO', error: { text: `no ${password}` }, [password]: [password, { first }] }),
      });
      await catchError(session.login(credentials));
      assert.equal(masked.at(-1)?.outcome, 'partnerRefused');
      assert.match(JSON.stringify(masked.at(-1)?.response), /hidden/);
      // The IV is the same each time, and so is the ciphertext of a login.
      assertHidden(masked.slice(-1), [...secrets(), first]);
    }));

  it('hides a response that could not be decrypted', () =>
    withExchanges(
      'tconnect',
      async ({ session, sandbox, credentials, masked }) => {
        const data = Buffer.from('f'.repeat(96)).toString('base64');
        sandbox.fail({ text: JSON.stringify({ data, note: 'kept' }) });
        await catchError(session.login(credentials));
        assert.equal(masked[0]?.outcome, 'cipher');
        assert.deepEqual(masked[0].response, { data: '••••••••', note: '••••••••' });
      },
      { tconnectResponse: 'encrypted' },
      { response: { encryptedIn: 'data' } },
    ));

  it('hides fields of the options, undeclared credentials and fields of responses that the definition does not name', async () => {
    const secrets = [
      'option-1',
      'option-2',
      'option-3',
      'option-4',
      'undeclared-1',
      'undeclared-2',
      'returned-1',
      'returned-2',
    ];
    await withExchanges(
      'cloudreve',
      async ({ session, sandbox, credentials, masked, revealed }) => {
        const data = {
          api_key: 'returned-1',
          nested: [{ note: 'returned-2', count: 471147114711 }],
          ready: true,
          none: null,
        };
        const text = JSON.stringify({ code: 40080, msg: 'wrong', data, 'data.token.access_expires': 'returned-1' });
        sandbox.fail({ text }, { call: 'login' });
        await catchError(session.login({ ...credentials, apiKey: 'undeclared-1', device: 'undeclared-2' }));
        await session.login(credentials);
        await session.refresh();
        assertHidden(masked, [...secrets, '471147114711']);
        for (const secret of secrets) assert.ok(JSON.stringify(revealed).includes(secret), secret);
        const hidden = '••••••••';
        assert.deepEqual(masked[0]?.payload, {
          email: credentials.email,
          password: hidden,
          apiKey: hidden,
          device: hidden,
          grant_type: 'password',
          deep: { signature: hidden, list: [hidden] },
          client: hidden,
        });
        assert.deepEqual(masked[0].response, {
          code: 40080,
          msg: 'wrong',
          data: { api_key: hidden, nested: [{ note: hidden, count: hidden }], ready: true, none: null },
          'data.token.access_expires': hidden,
        });
        assert.deepEqual(masked[2]?.payload, { refresh_token: hidden, client: hidden });
        const { data: tokens } = masked[2].response as { data: Record<string, string> };
        assert.match(tokens.access_expires ?? '', /^\d{4}-/);
      },
      {},
      {
        extraFields: {
          login: { grant_type: 'password', deep: { signature: 'option-1', list: ['option-2'] }, client: 'option-3' },
          refresh: { client: 'option-4' },
        },
      },
    );
  });

  it('shows the constants of a definition, except in fields and headers whose names suggest a secret', async () => {
    const definition = definePartner({
      ...partners.bizmail,
      headers: { 'X-Api-Key': 'header-secret', 'X-Channel': 'web' },
      login: {
        path: '/api/1.0/auth/token?apikey=query-secret&channel=web',
        extraFields: { mode: 'json', client_secret: 'field-secret' },
      },
    });
    await using sandbox = await startSandbox();
    await using session = await openSession({ ...sandbox.profiles.bizmail, partner: definition });
    const masked: AuthExchange[] = [];
    session.on('exchange', (exchange) => void masked.push(exchange));
    await session.login({ ...sandbox.profiles.bizmail.credentials });
    assertHidden(masked, ['header-secret', 'query-secret', 'field-secret']);
    const { url, headers, payload } = masked[0] ?? {};
    assert.equal(url, `${sandbox.url}/api/1.0/auth/token?apikey=••••••••&channel=web`);
    assert.deepEqual(headers, { 'x-api-key': '••••••••', 'x-channel': 'web', 'content-type': 'application/json' });
    assert.deepEqual((payload as { mode: string }).mode, 'json');
  });

  it('hides a declared credential whose name suggests a secret, unless the definition states that it is not one', async () => {
    const credentials = [...partners.bizmail.credentials, { name: 'pin', label: 'PIN', required: false }];
    for (const secret of [undefined, false]) {
      const last = { name: 'api_key_id', label: 'Key id', required: false, ...(secret === false && { secret }) };
      const definition = definePartner({ ...partners.bizmail, credentials: [...credentials, last] });
      await using sandbox = await startSandbox();
      const profile = sandbox.profiles.bizmail;
      await using session = await openSession({ ...profile, partner: definition });
      const masked: AuthExchange[] = [];
      session.on('exchange', (exchange) => void masked.push(exchange));
      await session.login({ ...profile.credentials, pin: '8642', api_key_id: 'the-id' });
      const payload = masked[0]?.payload as Record<string, string>;
      assert.deepEqual([payload.pin, payload.api_key_id], ['••••••••', secret === false ? 'the-id' : '••••••••']);
    }
  });

  it('hides the id of a login that waits for a one-time code', () =>
    withExchanges(
      'cloudreve',
      async ({ session, sandbox, credentials, masked, revealed, secrets }) => {
        await catchError(session.login(credentials));
        const id = (revealed[0]?.response as { data: string }).data;
        const code = sandbox.oneTimeCode();
        await session.login({ otp: code });
        assert.deepEqual(
          masked.map(({ call, outcome }) => `${call} ${outcome}`),
          ['login oneTimeCodeRequired', 'oneTimeCode success'],
        );
        assertHidden(masked, [...secrets(), id, code]);
      },
      { twoFactor: true },
    ));

  it('truncates a response that is nested too deeply, without breaking the call', () =>
    withExchanges('bizmail', async ({ session, sandbox, credentials, masked, revealed }) => {
      const deep = 100_000;
      sandbox.fail({ text: `{"a":${'['.repeat(deep)}${']'.repeat(deep)}}` });
      const error = await catchError(session.login(credentials));
      assert.ok(error instanceof Error && error.name === 'PartnerAuthError', String(error));
      for (const exchange of [masked[0], revealed[0]]) assert.ok(JSON.stringify(exchange).includes('…'));
      await session.login(credentials);
    }));

  it('tolerates a listener that throws or modifies its exchange', () =>
    withExchanges('acme-pay', async ({ session, sandbox, credentials, masked }) => {
      session.on(
        'exchange',
        (exchange) => {
          const { result } = exchange.response as { result: Record<string, unknown> };
          result.token = 'another';
          throw new Error('The listener failed.');
        },
        { reveal: true },
      );
      const later: string[] = [];
      session.on('exchange', ({ call }) => void later.push(call));
      await session.login(credentials);
      await session.refresh();
      assert.equal(await session.accessToken(), sandbox.tokens('acme-pay')?.accessToken);
      assert.deepEqual(later, ['login', 'refresh']);
      assert.equal(masked.length, 2);
    }));

  it('unsubscribes one listener once, even if its function is subscribed twice', () =>
    withExchanges('bizmail', async ({ session, credentials, masked }) => {
      const reported: string[] = [];
      const listener = ({ call }: AuthExchange): void => void reported.push(call);
      const off = session.on('exchange', listener);
      session.on('exchange', listener);
      await session.login(credentials);
      off();
      off();
      await session.refresh();
      assert.deepEqual(reported, ['login', 'login', 'refresh']);
      assert.equal(masked.length, 2);
    }));

  it('refuses an unknown event', () =>
    withExchanges('bizmail', async ({ session }) => {
      assert.throws(() => session.on('exchanges' as 'exchange', () => undefined), TypeError);
    }));

  it('does not report protected calls', () =>
    withExchanges('bizmail', async ({ session, credentials, masked }) => {
      await session.login(credentials);
      await session.request('/api/1.0/mail/store', { payload: { subject: 'Xin chào' } });
      assert.equal(masked.length, 1);
    }));
});

/** The ciphertext that a login with these credentials sends. */
async function ciphertextOfLogin(
  session: PartnerSession,
  sandbox: Sandbox,
  credentials: Readonly<Record<string, string>>,
): Promise<string> {
  await session.login(credentials);
  const { payload } = JSON.parse(sandbox.journal.at(-1)?.body ?? '{}') as { payload: string };
  return payload;
}
