import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
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
import { Places } from '../places.ts';

const program = fileURLToPath(new URL('crashing-program.ts', import.meta.url));
const ends = ['throw', 'reject', 'fatal', 'signal', 'exit'] as const;
const canary = (what: string, length: number): string =>
  `CANARY-${what}-${randomBytes(32).toString('hex')}`.slice(0, length);

export interface CanaryResult {
  readonly searched: number;
  readonly secrets: number;
  /** Where a secret was seen. */
  readonly seen: readonly string[];
  /** Store files that nobody else can read, the one place where tokens are. */
  readonly stores: number;
}

/** Recognisable secrets in every place, then a look at everything that comes out. */
export async function searchCanaries(): Promise<CanaryResult> {
  const places = new Places();
  let stores = 0;
  await using folder = await temporaryFolder();
  await using elsewhere = await startServer((_request, response) => response.end('{}'));
  const secrets = { password: canary('password', 40), client_secret: canary('client', 48) };
  const key = canary('key', 32);
  const iv = canary('iv', 16);
  places.secret(secrets.password, secrets.client_secret, key, iv, Buffer.from(key).toString('hex'));
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
      places.secret(tokens?.accessToken, tokens?.refreshToken, /"data":"([^"]+)"/.exec(body)?.[1]);
    },
  });

  for (const partner of partnerNames) {
    const profile = sandbox.profiles[partner];
    const credentials = { ...profile.credentials };
    const note = (text: string): void => places.add(`log line of ${partner}`, text);
    const file = folder.file(`${partner}/session.json`);
    const open = async (timeout?: number): Promise<PartnerSession> => {
      const session = await openSession({
        ...profile,
        store: fileStore(file),
        logger: { debug: note, info: note, warn: note, error: note },
        timeout,
        clock: manualClock(Date.now()),
      });
      session.on('change', (status) => places.add('status', status));
      session.on('exchange', (exchange) => places.add('exchange event', exchange));
      return session;
    };
    const session = await open();
    // Only for calls that nobody answers: on a busy machine it is too short for the others.
    const impatient = await open(300);
    const attempt = async (call: () => Promise<unknown>): Promise<void> => {
      await call().catch((error: unknown) => places.add(`error of ${partner}`, error));
    };
    await session.login(credentials);
    await attempt(() => session.login({ ...credentials, password: `${secrets.password}x` }));
    await attempt(() => session.login({}));
    await attempt(() => session.request('//evil'));
    await attempt(() => session.request('/x', { headers: { authorization: secrets.password } }));
    for (const fault of faults(secrets.password, elsewhere.url)) {
      const caller = fault === 'hang' ? impatient : session;
      for (const call of ['refresh', 'login', 'protected'] as const) {
        sandbox.fail(fault, { call, times: 4 });
        if (call === 'refresh') await attempt(() => caller.refresh());
        else if (call === 'login') await attempt(() => caller.login(credentials));
        else await attempt(() => caller.request('/nowhere'));
        sandbox.heal();
        await attempt(() => session.login(credentials));
      }
      places.add('session', session);
    }
    await impatient.close();
    await session.close();
    if (((await stat(file)).mode & 0o777) === 0o600 && (await holdsTokens(file))) stores++;
    for (const end of ends) await crash(places, folder.path, partner, end, sandbox);
  }
  const cipher = createCipher({ key, iv: { from: 'fixed', value: iv, format: 'utf8' } });
  places.add('cipher', cipher);
  for (const text of ['zz', '', 'ab'.repeat(16), `${cipher.encrypt('{}').slice(0, -2)}00`]) {
    try {
      cipher.decrypt(text);
    } catch (error) {
      places.add('error of the cipher', error);
    }
  }
  for (const request of elsewhere.received) places.add('another host', request);
  places.add('another host', `${elsewhere.connections()} connections`);
  const seen = places.seen();
  if (elsewhere.connections() > 0) seen.push('another host was contacted');
  return { searched: places.count, secrets: places.secrets, seen, stores };
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

/** A program that dies while it holds secrets: its output, arguments, environment, and what it leaves on disk. */
async function crash(
  places: Places,
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
      env: { PATH: process.env.PATH, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const dead = once(child, 'close');
  child.stdin.end(
    JSON.stringify({ options: profile, credentials: profile.credentials, file: join(folder, 'session.json'), end }),
  );
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      if (output === '') listing(places, child.pid);
      output += String(text);
      if (end === 'signal' && output.includes('waiting')) child.kill('SIGTERM');
    });
  }
  await dead;
  if (!output.includes('PartnerSession'))
    throw new Error(`The program did not get to its end: ${output.slice(0, 500)}`);
  places.add(`output of a program that ends with ${end}`, output);
  for (const name of await readdir(folder)) {
    places.add('file name', name);
    if (!name.startsWith('session.json')) places.add('file of a crash', await readFile(join(folder, name), 'utf8'));
    else if (((await stat(join(folder, name))).mode & 0o077) !== 0) throw new Error(`${name} can be read by others.`);
  }
}

/** What every user of the machine may see of a process. */
function listing(places: Places, pid: number | undefined): void {
  if (process.platform !== 'linux') return;
  for (const name of ['cmdline', 'environ', 'comm']) {
    places.add(`/proc/<pid>/${name}`, readFileSync(`/proc/${pid}/${name}`, 'utf8'));
  }
}

async function holdsTokens(file: string): Promise<boolean> {
  const record = await fileStore(file).read();
  return record !== undefined && 'tokens' in record;
}
