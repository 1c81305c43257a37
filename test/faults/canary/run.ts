import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCipher, fileStore, openSession, type PartnerSession } from '../../../core/index.ts';
import { startSandbox, type SandboxFault } from '../../../core/sandbox/index.ts';
import { startServer } from '../../core/transport/test-servers.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { partnerNames } from '../../helpers/with-session.ts';
import { LeakScanner } from '../leak-scanner.ts';
import { canary } from './canary.ts';

const program = fileURLToPath(new URL('crashing-program.ts', import.meta.url));
const ends = ['throw', 'reject', 'fatal', 'signal', 'exit'] as const;

export interface CanaryResult {
  readonly outputsScanned: number;
  readonly secrets: number;
  /** Sources of the outputs that contained a secret. */
  readonly leaks: readonly string[];
  /** Store files with tokens that only their owner can read. */
  readonly privateStores: number;
}

/** Uses recognizable secrets wherever a secret can be given, and scans everything that a session outputs for them. */
export async function searchCanaries(): Promise<CanaryResult> {
  const scanner = new LeakScanner();
  let privateStores = 0;
  await using folder = await temporaryFolder();
  await using elsewhere = await startServer((_request, response) => response.end('{}'));
  const secrets = { password: canary('password', 40), client_secret: canary('client', 48) };
  const key = canary('key', 32);
  const iv = canary('iv', 16);
  scanner.addSecrets(secrets.password, secrets.client_secret, key, iv, Buffer.from(key).toString('hex'));
  const accounts = {
    tconnect: {
      credentials: secrets,
      cipher: { key, iv: { from: 'fixed' as const, value: iv, format: 'utf8' as const } },
    },
    bizmail: { credentials: { password: secrets.password } },
    cloudreve: { credentials: { password: secrets.password } },
  };
  await using sandbox = await startSandbox({
    accounts,
    onRequest: ({ body, partner }) => {
      const tokens = partner && sandbox.tokens(partner);
      scanner.addSecrets(tokens?.accessToken, tokens?.refreshToken, /"data":"([^"]+)"/.exec(body)?.[1]);
    },
  });

  for (const partner of partnerNames) {
    const profile = sandbox.profiles[partner];
    const credentials = { ...profile.credentials };
    const log = (message: string): void => scanner.addOutput(`log line of ${partner}`, message);
    const file = folder.file(`${partner}/session.json`);
    const open = async (timeout?: number): Promise<PartnerSession> => {
      const session = await openSession({
        ...profile,
        store: fileStore(file),
        logger: { debug: log, info: log, warn: log, error: log },
        timeout,
        clock: manualClock(Date.now()),
      });
      session.on('change', (status) => scanner.addOutput('status', status));
      session.on('exchange', (exchange) => scanner.addOutput('exchange event', exchange));
      return session;
    };
    const session = await open();
    // For calls that get no response; on a busy machine, other calls may take longer.
    const shortTimeout = await open(300);
    const attempt = async (call: () => Promise<unknown>): Promise<void> => {
      await call().catch((error: unknown) => scanner.addOutput(`error of ${partner}`, error));
    };
    await session.login(credentials);
    await attempt(() => session.login({ ...credentials, password: `${secrets.password}x` }));
    await attempt(() => session.login({}));
    await attempt(() => session.request('//evil'));
    await attempt(() => session.request('/x', { headers: { authorization: secrets.password } }));
    for (const fault of faults(secrets.password, elsewhere.url)) {
      const caller = fault === 'hang' ? shortTimeout : session;
      for (const call of ['refresh', 'login', 'protected'] as const) {
        sandbox.fail(fault, { call, times: 5 });
        if (call === 'refresh') await attempt(() => caller.refresh());
        else if (call === 'login') await attempt(() => caller.login(credentials));
        else await attempt(() => caller.request('/nowhere'));
        sandbox.heal();
        await attempt(() => session.login(credentials));
      }
      scanner.addOutput('session', session);
    }
    await shortTimeout.close();
    await session.close();
    if ((await isPrivate(file)) && (await holdsTokens(file))) privateStores++;
    for (const end of ends) await crash(scanner, folder.path, partner, end, sandbox);
  }
  const cipher = createCipher({ key, iv: { from: 'fixed', value: iv, format: 'utf8' } });
  scanner.addOutput('cipher', cipher);
  for (const ciphertext of ['zz', '', 'ab'.repeat(16), `${cipher.encrypt('{}').slice(0, -2)}00`]) {
    try {
      cipher.decrypt(ciphertext);
    } catch (error) {
      scanner.addOutput('cipher error', error);
    }
  }
  for (const request of elsewhere.received) scanner.addOutput('another host', request);
  scanner.addOutput('another host', `${elsewhere.connections()} connections`);
  const leaks = scanner.findLeaks();
  if (elsewhere.connections() > 0) leaks.push('connection to another host');
  return { outputsScanned: scanner.outputCount, secrets: scanner.secretCount, leaks, privateStores };
}

function faults(secret: string, elsewhere: string): readonly SandboxFault[] {
  const echo = JSON.stringify({
    success: false,
    code: 1,
    message: `wrong: ${secret}`,
    msg: `wrong: ${secret}`,
    correlation_id: secret,
  });
  return [
    'resetBefore',
    'resetAfter',
    'halfResponse',
    'hang',
    'brokenJson',
    'oversized',
    { status: 500 },
    { status: 401 },
    { redirect: `${elsewhere}/?x` },
    { text: echo },
    { text: secret },
  ];
}

/** Scans a program that ends while it holds secrets: its output, arguments, environment and the files it leaves. */
async function crash(
  scanner: LeakScanner,
  root: string,
  partner: (typeof partnerNames)[number],
  end: (typeof ends)[number],
  sandbox: Awaited<ReturnType<typeof startSandbox>>,
): Promise<void> {
  const folder = join(root, `${partner}-${end}`);
  await mkdir(folder);
  const profile = sandbox.profiles[partner];
  const child = spawn(
    process.execPath,
    ['--report-on-fatalerror', '--report-uncaught-exception', `--report-directory=${folder}`, program],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: folder, TEMP: folder, TMP: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const closed = once(child, 'close');
  child.stdin.end(
    JSON.stringify({ options: profile, credentials: profile.credentials, file: join(folder, 'session.json'), end }),
  );
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      if (output === '') scanProcess(scanner, child.pid);
      output += String(chunk);
      if (end === 'signal' && output.includes('waiting')) child.kill('SIGTERM');
    });
  }
  await closed;
  if (!output.includes('PartnerSession')) throw new Error(`The program failed too early: ${output.slice(0, 500)}`);
  scanner.addOutput(`output of a program that ended by ${end}`, output);
  for (const name of await readdir(folder)) {
    scanner.addOutput('file name', name);
    if (!name.startsWith('session.json')) scanner.addOutput('crash file', await readFile(join(folder, name), 'utf8'));
    else if (!(await isPrivate(join(folder, name)))) throw new Error(`${name} is readable by other users.`);
  }
}

/** Scans what every user of the machine can read about a process. */
function scanProcess(scanner: LeakScanner, pid: number | undefined): void {
  if (process.platform !== 'linux') return;
  for (const name of ['cmdline', 'environ', 'comm']) {
    scanner.addOutput(`/proc/<pid>/${name}`, readFileSync(`/proc/${pid}/${name}`, 'utf8'));
  }
}

/** Windows has no file modes: there, a file is as private as its folder. */
async function isPrivate(file: string): Promise<boolean> {
  return process.platform === 'win32' || ((await stat(file)).mode & 0o777) === 0o600;
}

async function holdsTokens(file: string): Promise<boolean> {
  const record = await fileStore(file).read();
  return record !== undefined && 'tokens' in record;
}
