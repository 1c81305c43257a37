import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyAccessToken, copyAsCurl, copyAuthorizationHeader } from '../../../extension/commands/copy-token.ts';
import { inspectToken } from '../../../extension/commands/inspect-token.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { readCommand } from '../../helpers/shells.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { acmePay } from '../../helpers/acme-pay.ts';
import { withAcmeApp } from '../../helpers/with-acme-app.ts';
import { withApp } from '../../helpers/with-app.ts';

const refreshes = (journal: readonly { readonly call: string }[]): number =>
  journal.filter(({ call }) => call === 'refresh').length;
const partnerNames: readonly SandboxPartner[] = ['tconnect', 'bizmail', 'cloudreve'];

describe('refresh', () => {
  for (const partner of partnerNames) {
    it(`sends one refresh to ${partner} and confirms it in the status bar`, () =>
      withApp({ partner }, async ({ fake, sandbox, profile }) => {
        await refresh(fake.app, profile);
        assert.equal(refreshes(sandbox.journal), 1);
        const session = fake.secrets.get(profile.id)?.session;
        assert.ok(session !== undefined && 'tokens' in session);
        assert.equal(session.generation, 2);
        assert.equal(session.tokens.accessToken, sandbox.tokens(partner)?.accessToken);
        assert.equal(fake.statusMessages.at(-1), `${profile.label}: the access token was refreshed.`);
      }));
  }

  it('offers to ask once more, or to sign in, when the partner refuses the session, and says when it refuses again', () => {
    const clock = manualClock(Date.now());
    return withApp({ clock }, async ({ fake, sandbox, profile }) => {
      const shown = () => {
        const { message, actions = [] } = fake.notifications.at(-1) ?? {};
        return [message, ...actions.map(({ command }) => command)];
      };
      const once = [
        'ACME tconnect refused to refresh the session. Refresh to ask once more, or sign in again.',
        'refresh',
        'signIn',
      ];
      sandbox.revoke('tconnect');
      await refresh(fake.app, profile);
      assert.deepEqual(shown(), once);
      await refresh(fake.app, profile);
      assert.deepEqual(shown(), once, 'the partner is not asked twice within a second');
      clock.advance(1_000);
      await refresh(fake.app, profile);
      assert.deepEqual(shown(), [
        'ACME tconnect refused again to refresh the session. Sign in, or refresh later to ask once more.',
        'signIn',
        'refresh',
      ]);
      assert.equal(refreshes(sandbox.journal), 2);
    });
  });

  it('continues a refused session once the partner grants the refresh', () => {
    const clock = manualClock(Date.now());
    return withApp({ partner: 'cloudreve', clock }, async ({ fake, sandbox, profile }) => {
      sandbox.set({ database: 'usersDown' });
      await refresh(fake.app, profile);
      assert.deepEqual([fake.app.sessions.status(profile).refused, fake.notifications.length], [true, 1]);
      clock.advance(1_000);
      sandbox.set({ database: 'up' });
      await refresh(fake.app, profile);
      assert.equal(fake.statusMessages.at(-1), `${profile.label}: the access token was refreshed.`);
      const { phase, refused } = fake.app.sessions.status(profile);
      assert.deepEqual([phase, refused], ['valid', undefined]);
    });
  });

  it('keeps the session when the partner limits requests', () =>
    withApp({ partner: 'bizmail' }, async ({ fake, sandbox, profile }) => {
      const before = fake.secrets.get(profile.id)?.session;
      sandbox.fail({ status: 429 }, { call: 'refresh', times: Infinity });
      await refresh(fake.app, profile);
      assert.match(fake.notifications[0]?.message ?? '', /is limiting requests/);
      assert.deepEqual(before && 'tokens' in before && before.tokens, tokensIn(fake.secrets.get(profile.id)?.session));
    }));

  it('offers to sign in when signed out', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      await refresh(fake.app, profile);
      assert.deepEqual(
        fake.notifications[0]?.actions.map(({ command }) => command),
        ['signIn', 'openSettings'],
      );
      assert.equal(sandbox.journal.length, 0);
    }));
});

function tokensIn(session: object | undefined): unknown {
  return session !== undefined && 'tokens' in session && session.tokens;
}

describe('copy', () => {
  it('copies the access token and shows its remaining lifetime', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.clipboard, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(
        fake.statusMessages.at(-1),
        '$(check) Access token copied (9h). The clipboard will be cleared in 60 s.',
      );
      assert.equal(refreshes(sandbox.journal), 0);
    }));

  it('copies the token as an Authorization header', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await copyAuthorizationHeader(fake.app, profile);
      assert.equal(fake.clipboard, `Authorization: Bearer ${sandbox.tokens('tconnect')?.accessToken ?? '?'}`);
    }));

  it('refreshes first when the token expires in less than a minute', () =>
    withApp({ server: { accessLifetime: 59 } }, async ({ fake, sandbox, profile }) => {
      const before = sandbox.tokens('tconnect')?.accessToken;
      sandbox.set({ accessLifetime: 3600 });
      await copyAccessToken(fake.app, profile);
      assert.equal(refreshes(sandbox.journal), 1);
      assert.notEqual(fake.clipboard, before);
      assert.equal(fake.clipboard, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('does not refresh a token that is valid for at least a minute', () =>
    withApp({ server: { accessLifetime: 600 } }, async ({ fake, sandbox, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(refreshes(sandbox.journal), 0);
      assert.notEqual(fake.clipboard, '');
    }));

  it('clears the clipboard after the configured time', () =>
    withApp({ clearAfter: 20 }, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.deepEqual(
        fake.scheduled.map(({ seconds }) => seconds),
        [20],
      );
      await fake.scheduled[0]?.callback();
      assert.equal(fake.clipboard, '');
      assert.equal(fake.statusMessages.at(-1), 'The token was cleared from the clipboard.');
    }));

  it('does not clear anything copied later by the user', () =>
    withApp({}, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      fake.clipboard = 'copied by the user';
      const messageCount = fake.statusMessages.length;
      await fake.scheduled[0]?.callback();
      assert.equal(fake.clipboard, 'copied by the user');
      assert.equal(fake.statusMessages.length, messageCount);
    }));

  it('keeps a second copy for the full time', () =>
    withApp({}, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      await copyAccessToken(fake.app, profile);
      await fake.scheduled[0]?.callback();
      assert.notEqual(fake.clipboard, '');
      await fake.scheduled[1]?.callback();
      assert.equal(fake.clipboard, '');
    }));

  it('does not clear a clipboard that cannot be read', () =>
    withApp({}, async ({ fake, profile }) => {
      const clipboard = { ...fake.app.clipboard, read: () => Promise.reject(new Error('not allowed')) };
      await copyAccessToken({ ...fake.app, clipboard }, profile);
      const copied = fake.clipboard;
      await fake.scheduled[0]?.callback();
      assert.equal(fake.clipboard, copied);
    }));

  it('schedules no clearing when clearAfter is 0', () =>
    withApp({ clearAfter: 0 }, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.scheduled.length, 0);
      assert.equal(fake.statusMessages.at(-1), '$(check) Access token copied (9h)');
    }));

  it('leaves the clipboard unchanged when no token can be obtained', () =>
    withApp({ server: { accessLifetime: 1 } }, async ({ fake, sandbox, profile }) => {
      fake.clipboard = 'copied by the user';
      sandbox.revoke('tconnect');
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.clipboard, 'copied by the user');
      assert.equal(fake.notifications.length, 1);
    }));

  it('refreshes a token with less than a minute left, and if that fails, copies it and says how long it lives', () =>
    withApp({ server: { accessLifetime: 50 } }, async ({ fake, sandbox, profile }) => {
      const token = sandbox.tokens('tconnect')?.accessToken;
      sandbox.fail({ status: 429 }, { call: 'refresh', times: Infinity });
      for (const [copy, text] of [
        [copyAccessToken, token],
        [copyAuthorizationHeader, `Authorization: Bearer ${token}`],
      ] as const) {
        await copy(fake.app, profile);
        assert.equal(fake.clipboard, text);
        assert.match(
          fake.statusMessages.at(-1) ?? '',
          /^\$\(warning\) .* copied \(not refreshed, expires in \d+ s\)\. /,
        );
      }
      assert.ok(refreshes(sandbox.journal) > 0);
      assert.deepEqual(fake.notifications, []);
      assert.match(fake.logLines.join('\n'), /copied a token that could not be refreshed: rateLimited/);
    }));

  it('promises nothing about a token whose session has ended', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      sandbox.revoke('tconnect');
      await refresh(fake.app, profile);
      await copyAccessToken(fake.app, profile);
      assert.match(
        fake.statusMessages.at(-1) ?? '',
        /^\$\(warning\) Access token copied \(the refresh was refused; may be accepted for 9h\)/,
      );
    }));

  it('offers to retry the command that failed', () =>
    withApp({ server: { accessLifetime: 1 } }, async ({ fake, sandbox, profile }) => {
      await sandbox.close();
      await copyAuthorizationHeader(fake.app, profile);
      assert.equal(fake.notifications[0]?.actions[0]?.command, 'copyAuthorizationHeader');
    }));
});

describe('copy as cURL', () => {
  for (const partner of partnerNames) {
    it(`copies the example call of ${partner} with the token and the partner's headers`, () =>
      withApp({ partner }, async ({ fake, sandbox, profile }) => {
        await copyAsCurl(fake.app, profile, 'posix');
        const { example } = profile.definition;
        assert.ok(
          fake.clipboard.startsWith(`curl --request ${example?.method ?? ''} '${sandbox.url}${example?.path ?? ''}'`),
        );
        assert.ok(fake.clipboard.includes(`'Authorization: Bearer ${sandbox.tokens(partner)?.accessToken ?? '?'}'`));
        assert.equal(fake.clipboard.includes('Partner-Code: '), partner === 'tconnect');
      }));
  }
});

describe('copy as cURL on Windows', () => {
  for (const shell of ['powershell', 'cmd'] as const) {
    it(`copies the same call for ${shell}`, () =>
      withApp({ partner: 'bizmail' }, async ({ fake, profile }) => {
        await copyAsCurl(fake.app, profile, 'posix');
        const expected = readCommand.posix(fake.clipboard);
        await copyAsCurl(fake.app, profile, shell);
        assert.match(fake.clipboard, /curl\.exe /);
        assert.deepEqual(readCommand[shell](fake.clipboard), expected);
      }));
  }
});

describe('inspectToken', () => {
  it('shows the claims and lifetimes, but no part of the raw token', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await inspectToken(fake.app, profile);
      const [document] = fake.documents;
      assert.equal(document?.name, `Token for ${profile.label}`);
      const shown = JSON.parse(document.text) as Record<string, Record<string, unknown>>;
      assert.equal(typeof shown.claims?.exp, 'number');
      assert.equal(typeof shown.lifetimes?.signInNeededAt, 'string');
      for (const part of (sandbox.tokens('tconnect')?.accessToken ?? '').split('.')) {
        assert.ok(!document.text.includes(part));
      }
    }));
});

describe('a token command', () => {
  it('resolves undefined, so that no token leaves it', () =>
    withApp({}, async ({ fake, profile }) => {
      for (const command of [copyAccessToken, copyAuthorizationHeader, copyAsCurl, inspectToken, refresh]) {
        const run = command as (...values: Parameters<typeof refresh>) => Promise<unknown>;
        assert.equal(await run(fake.app, profile), undefined, command.name);
      }
    }));
});

describe('a keyring that cannot be read', () => {
  for (const command of [refresh, copyAccessToken, copyAuthorizationHeader, copyAsCurl, inspectToken]) {
    it(`is named by ${command.name} in a window that has not read the session yet`, () =>
      withApp({}, async ({ fake, profile }) => {
        await fake.app.sessions.release(profile);
        fake.secretStore.failing.add('get');
        await command(fake.app, profile);
        assert.match(fake.notifications[0]?.message ?? '', /the keyring of this machine could not be read\. Unlock it/);
        assert.ok(fake.notifications[0]?.actions.some(({ command: action }) => action === 'storageHelp'));
      }));
  }

  it('does not stop a window that has the session in memory', () =>
    withApp({}, async ({ fake, profile, sandbox }) => {
      fake.secretStore.failing.add('get');
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.clipboard, sandbox.tokens('tconnect')?.accessToken);
    }));
});

describe('copyAsCurl without an example', () => {
  const { example: _, ...withoutExample } = acmePay;

  it('says so and does nothing else', () =>
    withAcmeApp({ definition: withoutExample }, async ({ fake, profile, sandbox }) => {
      fake.clipboard = 'copied by the user';
      await copyAsCurl(fake.app, profile());
      assert.match(fake.questions[0] ?? '', /The definition of .* has no "example" call/);
      assert.deepEqual(
        [fake.clipboard, fake.statusMessages, fake.notifications, fake.scheduled, sandbox.journal.length],
        ['copied by the user', [], [], [], 0],
      );
    }));
});
