import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { install, pack } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { Terminal } from '../helpers/terminal.ts';

export const sessionPage = 'core/cli/README.md';

const path = '/openapi/v1/transaction/qr';
const query = '{"from_date":"2026-01-01 00:00:00","to_date":"2026-01-31 23:59:59","limit":1,"page":1}';

/**
 * Uses the packed and installed package against its sandbox, in three terminals with a fresh home. Returns what each of them
 * shows, by the key of its block in the page, with fixed text for what differs each time.
 */
export async function recordSession(): Promise<Readonly<Record<string, string>>> {
  await using folder = await temporaryFolder();
  const project = folder.file('project');
  for (const name of ['project', 'home']) await mkdir(folder.file(name));
  await install(await pack(folder.path), project);
  await writeFile(folder.file('query.json'), `${query}\n`);
  const bin = [join(project, 'node_modules', '.bin'), dirname(process.execPath), process.env.PATH].join(':');
  const open = (): Terminal => new Terminal(folder.path, { PATH: bin, HOME: folder.file('home') });

  await using first = open();
  await first.start('partner-auth sandbox');
  await first.shows(/Ctrl\+C to stop\n/);
  const found = (pattern: RegExp): string => pattern.exec(first.screen)?.[1] ?? '';
  const account = (name: string): string => found(new RegExp(`${name} +(\\S+)`));
  const url = found(/(http:\S+)/);
  const [key, iv] = [found(/"key":"(\w+)"/), found(/"value":"(\w+)"/)];

  await using second = open();
  await second.run(`export PARTNER_AUTH_STORE_KEY=$(node -p "crypto.randomBytes(32).toString('hex')")`);
  await second.run('partner-auth profile add shop', [
    [/^Partner \(/m, 'tconnect'],
    [/^Address/m, url],
    [/^Partner code/m, account('partner code')],
    [/^Encoding of the AES key/m, 'hex'],
    [/^Source of the IV/m, 'fixed'],
    [/^Encoding of the IV/m, ''],
    [/^Encoding of the ciphertext/m, ''],
  ]);
  await second.run('partner-auth login shop', [
    [/^AES key/m, key],
    [/^IV of/m, iv],
    [/^Username/m, account('username')],
    [/^Password/m, account('password')],
    [/^Client ID/m, account('client_id')],
    [/^Client secret/m, account('client_secret')],
  ]);
  await second.run('partner-auth status shop');
  await second.run('partner-auth token shop');
  await second.run('cat query.json');
  await second.run(`partner-auth request shop POST ${path} -d @query.json`);
  await second.run(`partner-auth exec shop -- sh -c 'curl -s --json @query.json "$PARTNER_AUTH_GATEWAY${path}"'`);
  const start = await second.start('partner-auth gateway shop');
  const [gateway] = await second.shows(/http:\S{50,}/, start);

  await using third = open();
  await third.run(`curl -s --json @query.json ${gateway}${path}`);
  await second.shows(/ ms\)\n/, start);
  await second.interrupt();
  await second.run('partner-auth logout shop');
  await first.shows(/(?: POST .*\n[^\n]*){4}/);
  await first.interrupt();

  const replaced: readonly (readonly [string | RegExp, string])[] = [
    [url, 'http://127.0.0.1:8790'],
    [gateway, 'http://127.0.0.1:8791/SECRET'],
    [new URL(gateway).origin, 'http://127.0.0.1:8791'],
    [key, 'KEY'],
    [iv, 'IV'],
    [account('partner code'), 'SANDBOX-1'],
    [account('username'), 'merchant@example.com'],
    [account('password'), 'PASSWORD'],
    [account('client_id'), 'CLIENT-ID'],
    [account('client_secret'), 'CLIENT-SECRET'],
    [/^eyJ[\w.-]+$/gm, 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9…'],
    [/(until|10 h, on) \d+ \w{3} \d{4}, \d\d:\d\d/g, '$1 1 Dec 2026, 17:00'],
    [/(token until|30 days, on) \d+ \w{3} \d{4}, \d\d:\d\d/g, '$1 31 Dec 2026, 07:00'],
    [/^\d\d:\d\d:\d\d/gm, '07:00:00'],
    [/\(\d+ ms\)/g, '(9 ms)'],
    // The accounts of the other partners.
    [/\nBizMail\n[^]*(?=Ctrl\+C to stop\n\n)/g, '…\n\n'],
    // A shell starts its prompt where the output ends.
    [/([^\n])\$ /g, '$1\n$ '],
    [/\s*\$ $/g, ''],
    [/ +$/gm, ''],
  ];
  const stable = ({ screen }: Terminal): string =>
    `${replaced.reduce((text, [from, to]) => text.replaceAll(from, to), screen).trimEnd()}\n`;
  return { 'session-sandbox': stable(first), session: stable(second), 'session-curl': stable(third) };
}
