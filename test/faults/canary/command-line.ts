import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { verbs } from '../../../core/cli/grammar/verbs.ts';
import { partners } from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { secretVariables } from '../../core/cli/command.ts';
import { profileOf } from '../../helpers/profile-of.ts';
import { startProxy } from '../../helpers/start-proxy.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { LeakScanner } from '../leak-scanner.ts';
import { canary } from './canary.ts';
import { ScannedProgram, type ScannedResult, type ScannedRun } from './scanned-program.ts';

export interface CommandLineCanaryResult {
  readonly outputsScanned: number;
  readonly secrets: number;
  /** Sources of the outputs that contained a secret. */
  readonly leaks: readonly string[];
  /** Core dumps that were scanned; none where the system leaves none. */
  readonly coreFiles: number;
  /** Verbs that were not run. */
  readonly missingVerbs: readonly string[];
  /** Whether the secrets are found where they must be: the files of `--store plain`, and a core dump that has the memory. */
  readonly foundInPlainFiles: boolean;
  readonly foundInCoreDump: boolean | undefined;
}

const { path = '', payload = {} } = partners.tconnect.example ?? {};
const call = JSON.stringify(payload);

/**
 * Runs every verb of the command line with recognizable secrets, successfully and not, and scans for them what it prints,
 * its arguments, the environment of its children, the files that it leaves, its crash reports and its core dumps.
 */
export async function searchCommandLine(): Promise<CommandLineCanaryResult> {
  const scanner = new LeakScanner();
  await using folder = await temporaryFolder();
  for (const name of ['home', 'files']) await mkdir(folder.file(name));
  const file = (name: string): string => folder.file(join('files', name));

  const proxyUser = { username: canary('proxy-user', 32), password: canary('proxy-password', 40) };
  await using proxy = await startProxy({ credentials: `${proxyUser.username}:${proxyUser.password}` });
  const key = canary('key', 32);
  await using sandbox = await startSandbox({
    https: true,
    clientCertificate: true,
    accounts: {
      tconnect: {
        credentials: { password: canary('password', 40), client_secret: canary('client', 48) },
        cipher: { key, iv: { from: 'fixed', value: canary('iv', 16), format: 'utf8' } },
      },
    },
    onRequest: ({ body }) => scanner.addSecrets(/"data":"([^"]+)"/.exec(body)?.[1], ...tokensOf(sandbox, 'tconnect')),
  });
  await using mailer = await startSandbox({
    accounts: { bizmail: { credentials: { password: canary('password', 40) } } },
    onRequest: () => scanner.addSecrets(...tokensOf(mailer, 'bizmail')),
  });
  const passphrase = canary('passphrase', 40);
  const shop: Readonly<Record<string, string>> = {
    ...secretVariables(sandbox, 'tconnect'),
    PARTNER_AUTH_PROXY_USERNAME: proxyUser.username,
    PARTNER_AUTH_PROXY_PASSWORD: proxyUser.password,
    PARTNER_AUTH_PASSPHRASE: passphrase,
  };
  const mail = secretVariables(mailer, 'bizmail');
  const storeKey = randomBytes(32).toString('hex');
  scanner.addSecrets(storeKey, mail.PARTNER_AUTH_PASSWORD);
  const accountNames = ['PARTNER_AUTH_USERNAME', 'PARTNER_AUTH_CLIENT_ID', 'PARTNER_AUTH_PROXY_USERNAME'];
  for (const [name, value] of Object.entries(shop)) if (!accountNames.includes(name)) scanner.addSecrets(value);

  const profile = {
    ...profileOf(sandbox, 'tconnect', { id: 'shop', proxy: `http://127.0.0.1:${proxy.port}` }),
    ...(await writeCertificates(sandbox, passphrase, file)),
  };
  const acme = { ...partners.bizmail, id: 'acme', label: 'ACME' };
  for (const [name, content] of Object.entries({ shop: profile, mail: profileOf(mailer, 'bizmail'), acme }))
    await writeFile(file(`${name}.json`), JSON.stringify(content));
  await writeFile(file('call.json'), call);

  const env = { PARTNER_AUTH_STORE_KEY: storeKey, PARTNER_AUTH_DEBUG: '1' };
  const program = new ScannedProgram(scanner, folder.path, env);
  const ran = new Set<string>();
  async function run(verb: string, args: readonly string[] = [], options: ScannedRun = {}): Promise<ScannedResult> {
    ran.add(verb);
    const result = await program.run([...verb.split(' '), ...args], options);
    scanner.addSecrets(...tokensOf(sandbox, 'tconnect'), ...tokensOf(mailer, 'bizmail'));
    return result;
  }
  /** Each run must reach what it is for. */
  async function exits(expected: number, ...given: Parameters<typeof run>): Promise<string> {
    const { code, stdout, stderr } = await run(...given);
    if (code === expected) return stdout;
    throw new Error(`${given[0]} ${given[1]?.join(' ') ?? ''} exited with ${code}, not ${expected}: ${stderr}`);
  }
  const scanFiles = async (without = /^$/): Promise<void> => {
    const files = await readdir(folder.file('home'), { recursive: true, withFileTypes: true });
    for (const { parentPath, name } of files.filter((entry) => entry.isFile() && !without.test(entry.name)))
      scanner.addOutput(`file ${name} or its name`, `${name}\n${await readFile(join(parentPath, name), 'latin1')}`);
  };
  const accessToken = (): string[] => tokensOf(sandbox, 'tconnect').slice(0, 1);

  // What is refused.
  await exits(0, 'profile add', ['shop', '--from', file('shop.json')]);
  const misplaced = [
    { cipher: { ...profile.cipher, key } },
    { clientCertificate: { ...profile.clientCertificate, passphrase } },
    { proxy: proxy.url },
  ].map((fields) => ({ input: JSON.stringify({ ...profile, ...fields }) }));
  const badLogin = (changes: Readonly<Record<string, string>>): ScannedRun => ({ env: { ...shop, ...changes } });
  const wrongPassword = `${shop.PARTNER_AUTH_PASSWORD ?? ''}x`;
  await Promise.all([
    ...misplaced.map((options) => exits(2, 'profile add', ['other', '--from', '-'], options)),
    exits(2, 'login', ['shop', `--password=${wrongPassword}`], { hasSecretArguments: true }),
    exits(2, 'login', ['shop'], badLogin({ PARTNER_AUTH_KEY: `${key}x` })),
    exits(2, 'login', ['shop'], badLogin({ PARTNER_AUTH_STORE_KEY: `${storeKey}00` })),
  ]);
  await exits(4, 'login', ['shop'], badLogin({ PARTNER_AUTH_PASSWORD: wrongPassword }));

  // What succeeds.
  await exits(0, 'login', ['shop', '--remember'], { env: shop });
  await exits(0, 'profile edit', ['shop', '--label', 'Shop'], { env: shop });
  await exits(0, 'partner add', [file('acme.json')]);
  const ciphertext = await exits(0, 'encrypt', ['shop'], {
    input: call,
    prints: (stdout) => [(JSON.parse(stdout) as { readonly data: string }).data],
  });
  const formats = ['token', 'header', 'json', 'exec-credential'];
  await Promise.all([
    ...[[], ['shop', '--json']].map((args) => exits(0, 'status', args)),
    ...[['shop'], ['shop', '--json']].map((args) => exits(0, 'doctor', args)),
    ...formats.map((format) => exits(0, 'token', ['shop', '--format', format], { prints: accessToken })),
    exits(0, 'profile list', ['--json']),
    exits(0, 'profile show', ['shop']),
    exits(0, 'partner list'),
    exits(0, 'request', ['shop', 'POST', path, '-d', call, '-i']),
    exits(1, 'request', ['shop', 'POST', path, '-d', '{}']),
    exits(0, 'decrypt', ['shop'], { input: ciphertext }),
    exits(1, 'decrypt', ['shop'], { input: 'ab'.repeat(32) }),
    exits(0, 'detect', ['--json', '--plaintext', file('call.json')], { input: ciphertext, env: shop }),
    exits(0, 'completion', ['bash']),
    exits(0, 'demo', ['--partner', 'tconnect'], { env: shop }),
    exits(0, 'demo', ['--partner', 'bizmail', '--base-url', mailer.url], { env: mail }),
    exits(0, 'sandbox', [], { env: shop, whileRunning: () => Promise.resolve() }),
  ]);

  // What starts other programs, and what runs for long.
  const child = (script: string): string[] => ['--', process.execPath, '-e', script];
  const sendCall = (base: string): string =>
    `fetch(${base} + ${JSON.stringify(path)}, { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(call)} })`;
  await exits(
    0,
    'exec',
    ['shop', ...child(`console.log(process.env, (await ${sendCall('process.env.PARTNER_AUTH_GATEWAY')}).status)`)],
    { env: shop },
  );
  await exits(0, 'exec', ['shop', '--token-env', 'TOKEN', ...child('')], { env: shop, handsOver: accessToken });
  await exits(127, 'exec', ['shop', '--', 'no-such-command'], { env: shop });
  const gatewaySecret = (url: string): string => {
    const [, secret = ''] = new URL(url).pathname.split('/');
    scanner.addSecrets(secret);
    return secret;
  };
  const sendCalls = async (url: string): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    for (const body of [call, '{', '{}']) await (await fetch(url + path, { method: 'POST', headers, body })).text();
    await (await fetch(`${url.slice(0, -1)}${path}`)).text();
  };
  for (const signal of ['SIGTERM', ...(process.platform === 'win32' ? [] : (['SIGUSR2'] as const))] as const)
    await run('gateway', ['shop'], {
      env: shop,
      whileRunning: sendCalls,
      signal,
      prints: (stdout) => [gatewaySecret(stdout)],
    });

  // What fails.
  for (const fault of [
    { text: JSON.stringify({ message: Object.values(shop).join(' ') }) },
    { status: 503 },
    'resetBefore',
  ] as const) {
    sandbox.fail(fault, { call: 'refresh', times: Infinity });
    await exits(1, 'refresh', ['shop', '--json']);
    sandbox.heal();
  }
  sandbox.fail('resetAfter', { call: 'refresh', times: Infinity });
  await exits(1, 'refresh', ['shop']);
  sandbox.heal();
  await exits(4, 'refresh', ['shop']);
  await exits(0, 'login', ['shop'], { env: shop });
  const otherKey = { env: { PARTNER_AUTH_STORE_KEY: randomBytes(32).toString('hex') } };
  await Promise.all(
    ['status', 'token', 'doctor', 'encrypt'].map((verb) => run(verb, ['shop'], { ...otherKey, input: call })),
  );
  await scanFiles();

  // What is in plain text.
  await exits(0, 'profile add', ['mail', '--from', file('mail.json')]);
  await exits(0, 'login', ['mail', '--store', 'plain', '--remember'], { env: mail });
  const state = join(folder.file('home'), ...(process.platform === 'win32' ? [] : ['.local', 'state']), 'partner-auth');
  const plain = await Promise.all(
    ['session', 'secrets'].map((kind) => readFile(join(state, `${kind}-mail.json`), 'utf8')),
  );
  const foundInPlainFiles = [tokensOf(mailer, 'bizmail')[0] ?? '-', mail.PARTNER_AUTH_PASSWORD ?? '-'].every(
    (secret, index) => plain[index]?.includes(secret),
  );
  await scanFiles(/^(?:session|secrets)-mail\.json/);
  const foundInCoreDump = await program.findsInCoreDump(['token', 'shop'], accessToken()[0] ?? '-');

  // What remains.
  await exits(0, 'logout', ['--all', '--json']);
  for (const id of ['mail', 'shop']) await exits(0, 'profile remove', [id]);
  await exits(0, 'partner remove', ['acme']);
  await scanFiles();
  return {
    outputsScanned: scanner.outputCount,
    secrets: scanner.secretCount,
    leaks: [...scanner.findLeaks(), ...program.leaks],
    coreFiles: program.coreFiles,
    missingVerbs: verbs.map(({ name }) => name).filter((name) => !ran.has(name)),
    foundInPlainFiles,
    foundInCoreDump,
  };
}

function tokensOf(sandbox: Sandbox, partner: 'tconnect' | 'bizmail'): string[] {
  const { accessToken, refreshToken } = sandbox.tokens(partner) ?? {};
  return [accessToken, refreshToken].filter((token) => token !== undefined);
}

/** Writes the authority of the sandbox, and a client certificate whose key has a passphrase. */
async function writeCertificates(
  { ca = '', clientCertificates }: Sandbox,
  passphrase: string,
  file: (name: string) => string,
) {
  const { cert, key } = clientCertificates?.valid ?? { cert: '', key: '' };
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  const [caFile, certFile, keyFile] = [file('ca.pem'), file('cert.pem'), file('key.pem')];
  await writeFile(caFile, ca);
  await writeFile(certFile, cert);
  await writeFile(keyFile, createPrivateKey(key).export(format));
  return { caFile, clientCertificate: { certFile, keyFile } };
}
