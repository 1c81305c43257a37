import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { definePartner, openSession, type PartnerDefinition, type SessionOptions } from '../core/index.ts';
import { startSandbox, type Sandbox } from '../core/sandbox/index.ts';
import { parsePartners } from '../core/profiles/custom-partners.ts';
import { parseProfiles } from '../core/profiles/profile.ts';
import { startAcmePayServer } from './helpers/acme-pay-server.ts';
import { cipherTable } from './helpers/cipher-table.ts';
import { codeBlocks, firstColumn, type CodeBlock } from './helpers/markdown.ts';
import { catchError } from './helpers/with-session.ts';
import { runProgram, type ProgramResult, type RunOptions } from './helpers/run-program.ts';

const root = join(import.meta.dirname, '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const blocks = codeBlocks(readme);
// Inside the package, so that 'partner-auth' resolves to the built package itself.
const folder = join(root, 'out', 'readme');
const folderOf = ({ name }: CodeBlock): string => join(folder, name.replace(/\W+/g, '-').toLowerCase());

/** Runs a ts block as the file main.ts, as a reader would. */
async function run(block: CodeBlock, options: RunOptions): Promise<ProgramResult> {
  const result = await runProgram(process.execPath, ['main.ts'], { cwd: folderOf(block), ...options });
  assert.deepEqual([result.code, result.stderr], [0, ''], block.name);
  return result;
}

/** Runs a sh block without `npm ci`, because the dependencies are already installed. */
function shell({ code }: CodeBlock, options: RunOptions = {}): Promise<ProgramResult> {
  return runProgram('bash', ['-c', `exec ${code.replace('npm ci && ', '')}`], { cwd: root, ...options });
}

const calls = (sandbox: Sandbox): string[] => sandbox.journal.map(({ call }) => call);

function tconnectEnv({ profiles: { tconnect } }: Sandbox, prefix: string): Record<string, string> {
  const { credentials, cipher } = tconnect;
  return {
    TCONNECT_URL: tconnect.baseUrl,
    TCONNECT_PARTNER_CODE: tconnect.partnerCode,
    [`${prefix}KEY`]: cipher.key,
    [`${prefix}IV`]: cipher.iv.from === 'fixed' ? cipher.iv.value : '',
    ...Object.fromEntries(Object.entries(credentials).map(([name, value]) => [prefix + name.toUpperCase(), value])),
  };
}

function bizmailEnv({ profiles: { bizmail } }: Sandbox): Record<string, string> {
  const { username, password } = bizmail.credentials;
  return { BIZMAIL_URL: bizmail.baseUrl, BIZMAIL_USERNAME: username, BIZMAIL_PASSWORD: password };
}

const blockTests: Readonly<Record<string, (block: CodeBlock) => Promise<void>>> = {
  async 'Quick start: sh 1'(block) {
    assert.equal(block.code, 'npm ci && npm start\n');
    const { code, stdout } = await shell(block);
    assert.equal(code, 0);
    const shown = blocks.find(({ name }) => name === 'Quick start: text 1')?.code ?? '';
    const real = normalize(stdout).split('\n');
    for (const line of normalize(shown).split('\n')) {
      if (line.trim() !== '…')
        assert.ok(real.includes(line), `npm start prints the line\n${line}\nin\n${real.join('\n')}`);
    }
  },

  // Compared above with the output of `npm start`.
  async 'Quick start: text 1'({ code }) {
    assert.ok(code.split('\n').length > 10);
  },

  // Run by .ci/run.
  async 'Quick start: sh 2'({ code }) {
    assert.equal(code, 'npm ci && npm test\n');
    assert.ok(manifest.scripts.test);
    const ci = await readFile(join(root, '.ci', 'run'), 'utf8');
    assert.equal(ci.trim().split('\n').at(-1), code.trim());
  },

  // Run by test/package/, which also installs the tarball.
  async 'The library: sh 1'({ code }) {
    assert.equal(code, 'npm pack\n');
    assert.equal(manifest.scripts.prepack, 'npm run build');
  },

  async 'The library: ts 1'(block) {
    await using sandbox = await startSandbox();
    const env = tconnectEnv(sandbox, 'TCONNECT_');
    const first = await run(block, { env });
    const second = await run(block, { env });
    assert.equal(first.stdout, `${sandbox.tokens('tconnect')?.accessToken ?? ''}\n`);
    assert.equal(second.stdout, first.stdout);
    assert.deepEqual(calls(sandbox), ['login']);
  },

  async 'The library: ts 2'(block) {
    const { stdout } = await run(block, {});
    assert.equal(stdout, '96 {"note":"Xin chào"}\n');
  },

  async 'TCONNECT: ts 1'(block) {
    await using sandbox = await startSandbox({
      tconnectResponse: 'encrypted',
      accounts: { tconnect: { cipher: { keyFormat: 'base64', iv: { from: 'prefix' }, output: 'hex-upper' } } },
    });
    const { stdout } = await run(block, { env: tconnectEnv(sandbox, 'TCONNECT_') });
    assert.match(stdout, /^200 \{\s*transactions: /);
    assert.deepEqual(calls(sandbox), ['login', 'protected']);
    assert.match(sandbox.journal[0]?.body ?? '', /^\{"data":"[0-9A-F]+"\}$/);
    assert.equal((sandbox.journal[0]?.payload as { grant_type?: string }).grant_type, 'password');
  },

  async 'TCONNECT: sh 1'(block) {
    await using sandbox = await startSandbox();
    const { code, stdout, stderr } = await shell(block, { env: tconnectEnv(sandbox, 'PARTNER_AUTH_') });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^TCONNECT {2}http:.*\n {2}Sign in/m);
    assert.deepEqual(calls(sandbox), ['login', 'protected', 'refresh']);
  },

  async 'BizMail: ts 1'(block) {
    await using sandbox = await startSandbox();
    const { stdout } = await run(block, { env: bizmailEnv(sandbox) });
    const [ok, deadline = ''] = stdout.trim().split(' ');
    assert.equal(ok, 'true');
    assert.equal(Math.round((Date.parse(deadline) - Date.now()) / 86_400_000), 90);
    for (const { headers } of sandbox.journal) assert.match(headers['content-type'] ?? '', /^multipart\/form-data;/);
  },

  async 'Cloudreve: ts 1'(block) {
    await using sandbox = await startSandbox({ twoFactor: true, captcha: true });
    const { email, password } = sandbox.profiles.cloudreve.credentials;
    let answerCount = 0;
    const { stdout } = await run(block, {
      env: { CLOUDREVE_URL: sandbox.url, CLOUDREVE_EMAIL: email, CLOUDREVE_PASSWORD: password },
      answer(output) {
        if (answerCount === 0 && output.endsWith('Text of the picture: ')) {
          answerCount = 1;
          // The test cannot solve the captcha, so the sandbox stops requiring it; its journal shows what was typed.
          sandbox.set({ captcha: false });
          return '271828';
        }
        if (answerCount !== 1 || !output.endsWith('One-time code: ')) return undefined;
        answerCount = 2;
        return sandbox.oneTimeCode();
      },
    });
    assert.match(stdout, /^data:image\/png;base64,[\w+/=]+$/m);
    const second = sandbox.journal.filter(({ call }) => call === 'login')[1]?.payload as Record<string, string>;
    assert.equal(second.captcha, '271828');
    assert.match(second.ticket ?? '', /^[\da-f-]{36}$/);
    assert.ok(stdout.endsWith(`${email} { revoked: true }\n`), stdout);
    assert.equal(calls(sandbox).at(-1), 'logout');
  },

  async 'A partner of your own: json 1'({ code }) {
    const definition = definePartner(JSON.parse(code) as PartnerDefinition);
    assert.equal(definition.label, 'ACME Pay');
    assert.match(readme, /`acme-pay\.json`:\n\n```json/);
  },

  async 'A partner of your own: ts 1'(block) {
    const json = blocks.find(({ name }) => name === 'A partner of your own: json 1')?.code ?? '';
    await writeFile(join(folderOf(block), 'acme-pay.json'), json);
    await using acme = await startAcmePayServer();
    const { stdout } = await run(block, { env: acme.env });
    assert.equal(stdout, "200 { status: 'OK', balance: 1500000 } { revoked: true }\n");
    assert.deepEqual(
      acme.received.map(({ call }) => call),
      ['POST /v2/token', 'POST /v2/token/renew', 'GET /v2/balance', 'DELETE /v2/token'],
    );
  },

  async 'A partner of your own: ts 2'(block) {
    const json = blocks.find(({ name }) => name === 'A partner of your own: json 1')?.code ?? '';
    await writeFile(join(folderOf(block), 'acme-pay.json'), json);
    const { stdout } = await run(block, {});
    const [refused = '', reason = '', signedIn = '', last] = stdout.trim().split(/\n(?=login|ACME|200)/);
    assert.match(
      refused,
      /^login \{\s+api_user: 'robot',\s+api_secret: '•+',\s+grant_type: 'password'\s+\} invalidCredentials$/,
    );
    assert.match(reason, /^ACME Pay refused the login \(HTTP 401, code E-LOGIN\)\. .*Check api_user, api_secret\.$/);
    assert.match(signedIn, /^login \{.*api_secret: '•+'.* success$/s);
    assert.equal(last, '200 3');
  },

  async 'A partner of your own: json 2'({ code }) {
    const definition: unknown = JSON.parse(
      blocks.find(({ name }) => name === 'A partner of your own: json 1')?.code ?? '',
    );
    const { known, problems } = parsePartners([definition]);
    assert.deepEqual(problems, []);
    const parsed = parseProfiles([JSON.parse(code)], known);
    assert.deepEqual(parsed.problems, []);
    assert.equal(parsed.profiles[0]?.definition.label, 'ACME Pay');
  },

  async 'Find the settings: ts 1'(block) {
    const { stdout } = await run(block, {});
    assert.match(
      stdout,
      /^found undefined\n\{\s+algorithm: 'aes-128-cbc',\s+iv: \{ from: 'key' \},\s+output: 'hex-upper',\s+ciphertextPrefix: '@'\s+\} query padding is right, known text was found, /,
    );
  },

  async 'The sandbox: ts 1'(block) {
    const { stdout } = await run(block, {});
    assert.equal(stdout, '200 login 200, protected 401, refresh 200, refresh 200, protected 200\n');
  },

  async 'The sandbox: sh 1'(block) {
    const { stdout } = await shell(block, { until: (output) => output.includes('Ctrl+C to stop') });
    assert.match(stdout, /^Partner Auth sandbox {2}http:\/\/127\.0\.0\.1:\d+$/m);
  },

  async 'Error codes: ts 1'(block) {
    await using sandbox = await startSandbox();
    const { stdout } = await run(block, { env: bizmailEnv(sandbox) });
    assert.equal(stdout, 'invalidCredentials false 401\n');
  },
};

describe('README.md', () => {
  before(async () => {
    await rm(folder, { recursive: true, force: true });
    for (const block of blocks) {
      await mkdir(folderOf(block), { recursive: true });
      if (block.kind === 'ts') await writeFile(join(folderOf(block), 'main.ts'), block.code);
    }
  });

  it('has a test for every code block, and no other tests', () => {
    assert.equal(blocks.length, (readme.match(/^```/gm)?.length ?? 0) / 2);
    assert.deepEqual(
      blocks.map(({ name }) => name),
      Object.keys(blockTests),
    );
  });

  it('contains TypeScript that compiles', async () => {
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] },
      ...{ strict: true, noEmit: true, moduleDetection: 'force', skipLibCheck: true },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await runProgram(process.execPath, [tsc, '-p', folder]);
    assert.equal(code, 0, stdout);
  });

  for (const block of blocks)
    it(`runs ${block.name}`, () => blockTests[block.name]?.(block) ?? assert.fail('The block has no test.'));

  it('lists all session options', async () => {
    const options = { partner: 'bizmail', baseUrl: 'https://x.example', nonsense: 1 } as unknown as SessionOptions;
    const { message } = (await catchError(openSession(options))) as Error;
    assert.deepEqual(firstColumn(readme, 'option'), /Known: (.*)\./.exec(message)?.[1]?.split(', '));
  });

  it('lists the tested rows of the cipher family', () => {
    const lines = readme.split('\n').map((line) => line.replace(/ +/g, ' '));
    const start = lines.findIndex((line) => line.startsWith('| row |')) + 2;
    const rows = lines.slice(start, lines.indexOf('', start));
    assert.deepEqual(rows, cipherTable());
  });

  it('lists all sandbox scenarios', async () => {
    await using sandbox = await startSandbox();
    const listed = firstColumn(readme, 'scenario').flatMap((cell) => cell.split(', '));
    assert.deepEqual(listed.sort(), Object.keys(sandbox.scenarios).sort());
  });
});

/** Replaces what differs in each run. */
function normalize(text: string): string {
  return text
    .replace(/:\d{4,5} \(sandbox\)/g, ':PORT (sandbox)')
    .replace(/SANDBOX-\w{8}/g, 'SANDBOX-CODE')
    .replace(/merchant-\w{6}@/g, 'merchant-NAME@')
    .replace(/"client_id": "\w{22}"/g, '"client_id": "ID"')
    .replace(/[0-9a-f]{40,}/g, 'HEX')
    .replace(/SHA-256 [0-9a-f]{8}/g, 'SHA-256 HASH')
    .replace(/on \d+ \w{3,4} \d{4}, \d\d:\d\d/g, 'on DATE');
}
