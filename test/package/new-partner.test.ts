import assert from 'node:assert/strict';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const definition = `import { builtInPartner } from './typed-definition.ts';

/** A fictional partner. */
export const zephyr = builtInPartner({
  id: 'zephyr',
  label: 'Zephyr',
  body: { form: 'json' },
  credentials: [
    { name: 'username', label: 'Username', account: true },
    { name: 'password', label: 'Password', secret: true },
  ],
  login: { path: '/zephyr/login' },
  refresh: { path: '/zephyr/refresh', tokenField: 'renewal' },
  response: {
    accessToken: 'token',
    refreshToken: 'renewal',
    accessExpiry: { field: 'lifetime', unit: 'seconds' },
    message: 'error',
  },
  errors: [
    { on: ['login'], status: 401, is: 'invalidCredentials' },
    { on: ['refresh'], status: 401, is: 'sessionEnded' },
    { on: ['request'], status: 401, is: 'tokenRefused' },
  ],
  example: { method: 'GET', path: '/zephyr/me', safe: true },
});
`;

const simulator = `import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../http/body.ts';
import type { PartnerServer, ReceivedRequest, SandboxResponse } from '../http/exchange.ts';
import { randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import { isTokenPair, readBearer, readToken, refreshRules, secondsUntil, toOutcome } from './partner.ts';
import type { PartnerContext, PartnerSimulator } from './partner.ts';

export interface ZephyrAccount {
  readonly credentials: { readonly username: string; readonly password: string };
}

const defaults = { accessLifetime: 3600, refreshLifetime: 86_400, rotation: 'strict' } as const;

export const zephyr: PartnerSimulator<Partial<ZephyrAccount>, ZephyrAccount> = {
  tokenAlgorithm: 'HS256',
  completeAccount: ({ credentials }) => ({
    credentials: credentials ?? { username: 'robot', password: randomWord(16) },
  }),
  create,
};

function create({ account, families, key, now, scenarios }: PartnerContext<ZephyrAccount>): PartnerServer {
  const refused = (error: string, outcome: SandboxResponse['outcome']): SandboxResponse => ({
    status: 401,
    outcome,
    json: { error },
  });
  const issued = (pair: TokenPair, withRefreshToken = true): SandboxResponse => ({
    status: 200,
    outcome: 'ok',
    json: {
      token: pair.accessToken,
      lifetime: secondsUntil(pair.accessExpiresAt, now()),
      ...(withRefreshToken && { renewal: pair.refreshToken }),
    },
  });
  const mint = (...[kind, , issuedAt, expiresAt]: Parameters<TokenMint>): string =>
    signToken(
      { use: kind, jti: randomUUID(), iat: Math.floor(issuedAt / 1000), exp: Math.floor(expiresAt / 1000) },
      key,
    );
  const rules = () => refreshRules(scenarios(), defaults, mint);
  const fields = (request: ReceivedRequest) => asObject(parseJson(request.body.toString())?.value) ?? {};
  const handlers = {
    login(request: ReceivedRequest): SandboxResponse {
      const { username, password } = fields(request);
      const right = username === account.credentials.username && password === account.credentials.password;
      return right ? issued(families.open(randomUUID(), now(), rules())) : refused('wrong', 'badCredentials');
    },
    refresh(request: ReceivedRequest): SandboxResponse {
      const result = families.refresh(String(fields(request).renewal), now(), rules());
      if (!isTokenPair(result)) return refused('refused', toOutcome(result));
      return issued(result, scenarios().refreshTokenInResponse !== 'omitted');
    },
    me(request: ReceivedRequest): SandboxResponse {
      const token = readBearer(request) ?? '';
      const claims = readToken(token, key, now());
      const refusal = typeof claims === 'string' ? claims : families.checkAccess(token, now());
      return refusal === undefined ? { status: 200, outcome: 'ok', json: { me: true } } : refused('refused', toOutcome(refusal));
    },
  };
  return {
    id: 'zephyr',
    prefix: '/zephyr/',
    routes: [
      { method: 'POST', path: '/zephyr/login', call: 'login', handle: (request) => handlers.login(request) },
      { method: 'POST', path: '/zephyr/refresh', call: 'refresh', handle: (request) => handlers.refresh(request) },
      { method: 'GET', path: '/zephyr/me', call: 'protected', handle: (request) => handlers.me(request) },
    ],
    failure: (status, outcome) => ({ status, outcome, json: { error: \`HTTP \${status}\` } }),
  };
}
`;

describe('a new partner', () => {
  it('requires only its definition and its simulator', async () => {
    await using folder = await temporaryFolder();
    for (const part of [
      'core',
      'extension',
      'test',
      'package.json',
      'package.nls.json',
      'tsconfig.json',
      '.prettierrc.json',
    ]) {
      await cp(join(root, part), folder.file(part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), folder.file('node_modules'), 'junction');
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runProgram(process.execPath, args, { cwd: folder.path });
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };

    await writeFile(folder.file('core/partners/zephyr.ts'), definition);
    await writeFile(folder.file('core/sandbox/partners/zephyr.ts'), simulator);
    await run('test/generate/main.ts');

    const { partners } = JSON.parse(await run('core/cli/main.ts', 'demo', '--partner', 'zephyr', '--json')) as {
      partners: { label: string; call: { status: number }; refresh: object; replay: { accepted: boolean } }[];
    };
    const [result] = partners;
    assert.deepEqual([result?.label, result?.call.status, result?.replay.accepted], ['Zephyr', 200, false]);
    assert.match(await run('core/cli/main.ts', 'demo', '--help'), /tconnect, bizmail, cloudreve, zephyr/);

    const steps = await run(
      '--input-type=module',
      '-e',
      `import { partners } from './core/index.ts';
       import { profileSteps } from './extension/model/profile-steps.ts';
       const [{ items }] = profileSteps({}, partners, (text) => text);
       console.log(items.map(({ label, detail }) => label + ': ' + detail).join('; '));`,
    );
    assert.match(steps, /Zephyr: plain payloads;/);

    const manifest = await readFile(folder.file('package.json'), 'utf8');
    assert.match(manifest, /"partner": "zephyr"/);
    const tests = [
      'test/core/session/refresh.test.ts',
      'test/core/partners/built-in.test.ts',
      'test/extension/manifest.test.ts',
    ];
    const output = await run('--test', ...tests);
    assert.match(output, /zephyr/);
  });
});
