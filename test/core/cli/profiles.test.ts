import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { Profile } from '../../../core/profiles/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';
import { withHome } from './with-home.ts';

const mail = ['--partner', 'bizmail', '--base-url', 'https://mail.example.com'];
const shop: Profile = {
  id: 'shop',
  label: 'My shop',
  partner: 'tconnect',
  baseUrl: 'https://shop.example.com',
  partnerCode: 'M-1',
  cipher: { keyFormat: 'hex', iv: { from: 'prefix' } },
};

describe('profile', () => {
  it('shows where a profile from a file sends its calls', () =>
    withHome({}, async ({ run, home }) => {
      const file = join(dirname(home), 'given.json');
      const places = {
        baseUrl: 'https://mail.example',
        apiUrl: 'https://api.example',
        proxy: 'http://proxy.example:3128',
      };
      await writeFile(file, JSON.stringify({ id: 'mail', label: 'Mail', partner: 'bizmail', ...places }));
      assert.match(
        (await run(['profile', 'add', '--from', file])).stderr,
        /^Added mail: BizMail at https:\/\/mail\.example, protected calls to https:\/\/api\.example, through the proxy proxy\.example:3128\./m,
      );
    }));

  it('adds and changes how the network is reached, and status says that a connection is not encrypted', () =>
    withHome({}, async ({ run, home }) => {
      const nas = ['--base-url', 'http://192.168.1.5:5212', '--allow-http', '--proxy', 'off'];
      const certificate = ['--client-cert', 'c.pem', '--client-key', '~/k.pem', '--ca', './ca.pem'];
      const added = await run(['profile', 'add', 'nas', '--partner', 'cloudreve', ...nas, ...certificate]);
      assert.equal(added.code, 0, added.stderr);
      const read = async (): Promise<unknown> => JSON.parse(await readFile(join(home, 'profiles.json'), 'utf8'));
      const profile = { id: 'nas', label: 'nas', partner: 'cloudreve', baseUrl: 'http://192.168.1.5:5212' };
      // They are read from any folder.
      const clientCertificate = { certFile: resolve('c.pem'), keyFile: '~/k.pem' };
      const caFile = resolve('ca.pem');
      assert.deepEqual(await read(), [{ ...profile, proxy: false, allowHttp: true, clientCertificate, caFile }]);
      const { stdout } = await run(['status', 'nas']);
      assert.match(stdout, /^Connection +not encrypted: anyone on its network can read passwords and tokens$/m);
      assert.match((await run(['status', 'nas', '--json'])).stdout, /"unencrypted": ?true/);
      const edited = await run(['profile', 'edit', 'nas', '--client-pfx', '/c.pfx', '--api-url', 'http://192.168.1.6']);
      assert.equal(edited.code, 0, edited.stderr);
      // As the message about another value says.
      assert.equal((await run(['profile', 'edit', 'nas', '--proxy', 'false'])).code, 0);
      const after = {
        proxy: false,
        allowHttp: true,
        caFile,
        clientCertificate: { pfxFile: resolve('/c.pfx') },
        apiUrl: 'http://192.168.1.6',
      };
      assert.deepEqual(await read(), [{ ...profile, ...after }]);
    }));

  it('saves what VS Code has in its settings, in the same form, and prints it again', () =>
    withHome({}, async ({ home, file, succeed }) => {
      await writeFile(file('shop.json'), JSON.stringify(shop));
      await succeed(['profile', 'add', 'shop', '--from', file('shop.json')]);
      await succeed(['profile', 'add', 'mail', ...mail]);
      const saved = JSON.parse(await readFile(join(home, 'profiles.json'), 'utf8')) as Profile[];
      assert.deepEqual(saved[0], shop);
      assert.deepEqual(saved[1], {
        id: 'mail',
        label: 'mail',
        partner: 'bizmail',
        baseUrl: 'https://mail.example.com',
      });
      assert.deepEqual(JSON.parse(await succeed(['profile', 'show', 'shop'])), shop);
      assert.deepEqual(JSON.parse(await succeed(['profile', 'list', '--json'])), saved);
      const list = (await succeed(['profile', 'list'])).split('\n');
      assert.match(list[0] ?? '', /^PROFILE {2}LABEL {4}PARTNER {3}ADDRESS$/);
      assert.equal(list[1], 'shop     My shop  TCONNECT  https://shop.example.com');
    }));

  it('takes a profile from stdin, from a list, and under another name', () =>
    withHome({}, async ({ succeed }) => {
      await succeed(['profile', 'add', '--from', '-'], { input: JSON.stringify(shop) });
      await succeed(['profile', 'add', 'second', '--from', '-'], { input: JSON.stringify([shop]) });
      const list = [shop, { ...shop, id: 'third', label: 'Third' }];
      await succeed(['profile', 'add', 'third', '--from', '-'], { input: JSON.stringify(list) });
      const ids = JSON.parse(await succeed(['profile', 'list', '--json'])) as Profile[];
      assert.deepEqual(
        ids.map(({ id, label }) => [id, label]),
        [
          ['shop', 'My shop'],
          ['second', 'My shop'],
          ['third', 'Third'],
        ],
      );
    }));

  it('takes a profile with the definition of its partner, and calls it', () =>
    withRawPartner({ signedIn: false }, ({ url, received }) =>
      withHome({}, async ({ run, succeed }) => {
        const profile = { id: 'own', label: 'Own', partner: plainPartner.id, baseUrl: url };
        const added = await run(['profile', 'add', 'own', '--from', '-'], {
          input: JSON.stringify({ profile, definition: plainPartner }),
        });
        assert.equal(added.code, 0, added.stderr);
        assert.match(added.stderr, /^Read a profile and the definition of its partner from stdin\.\nAdded own: /);
        assert.match(await succeed(['partner', 'list']), new RegExp(`^${plainPartner.id} .*partners\\.json$`, 'm'));
        const env = Object.fromEntries(
          Object.entries(plainCredentials).map(([name, value]) => [`PARTNER_AUTH_${name.toUpperCase()}`, value]),
        );
        await succeed(['login', 'own'], { env });
        await succeed(['request', 'own', 'GET', '/orders', '--query', 'a=1 2', '--query', 'a=b&c']);
        assert.equal(received.at(-1)?.call, 'GET /orders?a=1%202&a=b%26c');
        const used = await run(['partner', 'remove', plainPartner.id]);
        assert.equal(used.code, 2);
        assert.match(used.stderr, /is used by own/);
        await succeed(['profile', 'remove', 'own']);
        await succeed(['partner', 'remove', plainPartner.id]);
      }),
    ));

  it('changes single settings, and says that secrets of another server are not sent', () =>
    withHome({}, async ({ home, add, run, succeed }) => {
      await add('shop', 'tconnect');
      await succeed(['profile', 'edit', 'shop', '--label', 'Our shop', '--output', 'base64', '--iv', 'prefix']);
      const [saved] = JSON.parse(await readFile(join(home, 'profiles.json'), 'utf8')) as Profile[];
      assert.equal(saved?.label, 'Our shop');
      assert.deepEqual(saved.cipher, { keyFormat: 'hex', iv: { from: 'prefix' }, output: 'base64' });
      const moved = await run(['profile', 'edit', 'shop', '--base-url', 'https://other.example.com']);
      assert.match(moved.stderr, /are not sent to https:\/\/other\.example\.com\. Next: partner-auth login shop$/m);
      assert.equal((await run(['token', 'shop'])).code, 4);
      const nothing = await run(['profile', 'edit', 'shop']);
      assert.deepEqual([nothing.code, nothing.stdout], [2, '']);
      assert.match(nothing.stderr, /^There is nothing to change\./);
    }));

  it('replaces stored secrets by those of the environment', () =>
    withHome({}, async ({ add, run, succeed }) => {
      await add('shop', 'tconnect');
      const input = await succeed(['encrypt', 'shop'], { input: '{}' });
      const { code, stderr } = await run(['profile', 'edit', 'shop'], { env: { PARTNER_AUTH_KEY: 'ab'.repeat(32) } });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^Replaced by those of the environment: key\.$/m);
      assert.equal((await run(['decrypt', 'shop'], { input })).code, 1);
    }));

  it('removes a profile with its session and secrets', () =>
    withHome({}, async ({ home, add, run, succeed }) => {
      await add('mail', 'bizmail');
      const { code, stderr } = await run(['profile', 'remove', 'mail']);
      assert.equal(code, 0);
      assert.match(stderr, /^Removed mail.*\nIt was signed in, and the partner may still accept its tokens/);
      assert.deepEqual(await readdir(join(home, 'state')), []);
      assert.deepEqual(JSON.parse(await succeed(['profile', 'list', '--json'])), []);
    }));

  it('exits with 2 for what cannot be a profile, and saves nothing', () =>
    withHome({}, async ({ home, run, succeed }) => {
      await succeed(['profile', 'add', 'mail', ...mail]);
      const before = await readFile(join(home, 'profiles.json'), 'utf8');
      const cases: [string[], string | undefined, RegExp][] = [
        [['add', 'mail', ...mail], undefined, /^There is a profile mail already\. .*partner-auth profile edit mail$/m],
        [['add', 'x', '--partner', 'bizmail'], undefined, /--base-url/],
        [
          ['add', 'x', '--partner', 'bizmial', '--base-url', 'https://a.example'],
          undefined,
          /must be one of tconnect, bizmail, cloudreve/,
        ],
        [['add', 'x', '--partner', 'bizmail', '--base-url', 'http://a.example'], undefined, /https/],
        [['add', 'x y', ...mail], undefined, /1 to 64 letters/],
        [
          ['add', 'x', '--partner', 'tconnect', '--base-url', 'https://a.example', '--key-format', 'hex'],
          undefined,
          /--iv fixed \| prefix \| key \| zero/,
        ],
        [
          ['add', 'x', '--from', '/nowhere.json'],
          undefined,
          /^The file \/nowhere\.json of --from could not be read \(ENOENT\)\.$/m,
        ],
        [['add', 'x', '--from', '-'], 'hunter2', /^Stdin is not valid JSON\.$/m],
        [['add', 'x', '--from', '-'], '[]', /has 0 profiles/],
        [
          ['add', 'x', '--from', '-'],
          JSON.stringify({ ...shop, cipher: { key: 'hunter2', iv: { from: 'prefix' } } }),
          /is a secret/,
        ],
        [['add', '--partner', 'bizmail'], undefined, /^NAME is missing\.$/m],
        [
          ['add', 'x', '--partner', 'tconect'],
          undefined,
          /^--partner must be one of tconnect, bizmail, cloudreve\. Did you mean tconnect\?$/m,
        ],
        [['edit', 'mail', '--partner', 'tconect'], undefined, /Did you mean tconnect\?$/m],
        [['add', 'x', '--partner', 'bizmail'], undefined, /^The profile x cannot be used: --base-url is missing\.$/m],
        [['add', 'x', '--from', '-'], '{ "partner": "bizmail" }', /: its field "baseUrl" is missing\.$/m],
        [['show', 'mial'], undefined, /Did you mean mail\?/],
        [['remove', 'nothing'], undefined, /^There is no profile "nothing"/],
      ];
      for (const [args, input, message] of cases) {
        const { code, stdout, stderr } = await run(['profile', ...args], input === undefined ? {} : { input });
        assert.deepEqual([code, stdout], [2, ''], args.join(' '));
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /hunter2/);
      }
      assert.equal(await readFile(join(home, 'profiles.json'), 'utf8'), before);
    }));

  it('sets a damaged file aside, and names two profiles with one id', () =>
    withHome({}, async ({ home, run }) => {
      await mkdir(home, { recursive: true });
      await writeFile(join(home, 'profiles.json'), '[{"id": "mail"');
      const damaged = await run(['token', 'mail']);
      assert.deepEqual([damaged.code, damaged.stdout], [1, '']);
      assert.match(damaged.stderr, /profiles\.json/);
      assert.equal(damaged.stderr.trim().split('\n').length, 1);
      const aside = (await readdir(home)).find((name) => name !== 'profiles.json' && name.startsWith('profiles.json'));
      assert.equal(await readFile(join(home, aside ?? ''), 'utf8'), '[{"id": "mail"');
      await writeFile(join(home, 'profiles.json'), JSON.stringify([shop, { ...shop, label: 'Again' }]));
      const twice = await run(['token', 'shop']);
      assert.equal(twice.code, 2);
      assert.match(twice.stderr, /"My shop" \(number 1\) and "Again" \(number 2\)/);
    }));
});

describe('partner', () => {
  it('exits with 2 for a definition that is not valid, a taken id and a built-in partner', () =>
    withHome({}, async ({ file, run, succeed }) => {
      await writeFile(file('own.json'), JSON.stringify(plainPartner));
      await writeFile(file('wrong.json'), JSON.stringify({ ...plainPartner, id: 'other', login: {} }));
      await succeed(['partner', 'add', file('own.json')]);
      const cases: [string[], RegExp][] = [
        [['add', file('own.json')], /There is a partner .* already/],
        [['add', file('wrong.json')], /login\.path/],
        [['remove', 'bizmail'], /is built in/],
        [['remove', 'nothing'], /There is no partner "nothing"/],
      ];
      for (const [args, message] of cases) {
        const { code, stderr } = await run(['partner', ...args]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
      const list = JSON.parse(await succeed(['partner', 'list', '--json'])) as { id: string }[];
      assert.deepEqual(
        list.map(({ id }) => id),
        ['tconnect', 'bizmail', 'cloudreve', plainPartner.id],
      );
    }));
});
