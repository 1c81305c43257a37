import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileNameOf, idOfFileName, pathsOf, type Environment } from '../../../../core/profiles/files/paths.ts';

const folders = (env: Environment, platform: NodeJS.Platform): readonly string[] => {
  const { config, state } = pathsOf(env, platform);
  return [config, state];
};

describe('the folders of profiles and their secrets', () => {
  const rows: readonly (readonly [string, Environment, NodeJS.Platform, readonly string[]])[] = [
    [
      'of the user',
      { HOME: '/home/ann' },
      'linux',
      ['/home/ann/.config/partner-auth', '/home/ann/.local/state/partner-auth'],
    ],
    [
      'of a Mac',
      { HOME: '/Users/ann' },
      'darwin',
      ['/Users/ann/.config/partner-auth', '/Users/ann/.local/state/partner-auth'],
    ],
    [
      'of the XDG variables',
      { HOME: '/home/ann', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' },
      'linux',
      ['/c/partner-auth', '/s/partner-auth'],
    ],
    [
      'of the user if XDG variables are empty or relative, which their specification has ignored',
      { HOME: '/home/ann', XDG_CONFIG_HOME: '', XDG_STATE_HOME: 'state' },
      'linux',
      ['/home/ann/.config/partner-auth', '/home/ann/.local/state/partner-auth'],
    ],
    [
      'of PARTNER_AUTH_HOME',
      { HOME: '/home/ann', PARTNER_AUTH_HOME: '/p', XDG_STATE_HOME: '/s' },
      'linux',
      ['/p', '/p/state'],
    ],
    [
      'of a PARTNER_AUTH_HOME with a tilde',
      { HOME: '/home/ann', PARTNER_AUTH_HOME: '~/p' },
      'linux',
      ['/home/ann/p', '/home/ann/p/state'],
    ],
    [
      'of the user if PARTNER_AUTH_HOME is empty',
      { HOME: '/home/ann', PARTNER_AUTH_HOME: '' },
      'linux',
      ['/home/ann/.config/partner-auth', '/home/ann/.local/state/partner-auth'],
    ],
    [
      'of Windows, where tokens do not roam',
      { APPDATA: 'C:\\Users\\ann\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\ann\\AppData\\Local' },
      'win32',
      ['C:\\Users\\ann\\AppData\\Roaming\\partner-auth', 'C:\\Users\\ann\\AppData\\Local\\partner-auth'],
    ],
    [
      'of Windows without its variables',
      { USERPROFILE: 'C:\\Users\\ann' },
      'win32',
      ['C:\\Users\\ann\\AppData\\Roaming\\partner-auth', 'C:\\Users\\ann\\AppData\\Local\\partner-auth'],
    ],
    ['of PARTNER_AUTH_HOME on Windows', { PARTNER_AUTH_HOME: 'D:\\p' }, 'win32', ['D:\\p', 'D:\\p\\state']],
  ];
  for (const [what, env, platform, expected] of rows)
    it(`are those ${what}`, () => assert.deepEqual(folders(env, platform), expected));

  it('are absolute if PARTNER_AUTH_HOME is relative', () =>
    assert.deepEqual(folders({ PARTNER_AUTH_HOME: 'p' }, process.platform), [
      resolve('p'),
      join(resolve('p'), 'state'),
    ]));

  it('are required', () =>
    assert.throws(() => pathsOf({ HOME: '', USERPROFILE: '' }, 'linux'), {
      code: 'configuration',
      setting: 'PARTNER_AUTH_HOME',
    }));
});

describe('the file names of a profile', () => {
  const ids = [
    'a',
    'A',
    'con',
    'CON',
    'nul',
    'Com1',
    'a.b',
    'a-b',
    'a_b',
    '.',
    '..',
    '...',
    'a.json',
    'aA',
    'Aa',
    'session-a',
    'x'.repeat(64),
    'X'.repeat(64),
    '.'.repeat(64),
  ];

  it('are different for different ids, also where letter case is ignored, and lead back to the id', () => {
    const names = ids.map((id) => fileNameOf('session', id) ?? '');
    assert.equal(new Set(names.map((name) => name.toLowerCase())).size, ids.length);
    assert.deepEqual(
      names.map((name) => idOfFileName('session', name)),
      ids,
    );
  });

  it('are no reserved names of Windows, have none of its characters, and leave room for suffixes', () => {
    for (const id of ids) {
      const name = fileNameOf('secrets', id) ?? '';
      assert.match(name, /^secrets-[a-z\d_+-]+\.json$/);
      assert.ok(name.length < 150);
    }
  });

  it('exist for valid ids only', () => {
    for (const id of ['', '../a', 'a/b', 'a\\b', 'a:b', 'ä', 'x'.repeat(65), 'a\0'])
      assert.equal(fileNameOf('session', id), undefined);
    for (const name of [
      'session-a.json.previous',
      'session-A.json',
      'session-a+.json',
      'secrets-a.json',
      'session-.json',
    ])
      assert.equal(idOfFileName('session', name), undefined);
  });
});
