import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyAccessToken, copyAsCurl, copyAuthorizationHeader } from '../../../extension/commands/copy-token.ts';
import { inspectToken } from '../../../extension/commands/inspect-token.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { withApp } from '../../helpers/with-app.ts';

const refreshes = (journal: readonly { readonly call: string }[]): number =>
  journal.filter(({ call }) => call === 'refresh').length;
const partnerNames: readonly SandboxPartner[] = ['tconnect', 'bizmail', 'cloudreve'];

describe('refresh', () => {
  for (const partner of partnerNames) {
    it(`asks ${partner} once and says that the token is fresh`, () =>
      withApp({ partner }, async ({ fake, sandbox, profile }) => {
        await refresh(fake.app, profile);
        assert.equal(refreshes(sandbox.journal), 1);
        const session = fake.secrets.get(profile.id)?.session;
        assert.ok(session !== undefined && 'tokens' in session);
        assert.equal(session.generation, 2);
        assert.equal(session.tokens.accessToken, sandbox.tokens(partner)?.accessToken);
        assert.equal(fake.briefs.at(-1), `${profile.label}: the access token was refreshed.`);
      }));
  }

  it('offers to sign in when the session has ended, and never rejects', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      sandbox.revoke('tconnect');
      await refresh(fake.app, profile);
      assert.match(fake.explanations[0]?.message ?? '', /The session at ACME tconnect has ended/);
      assert.deepEqual(
        fake.explanations[0]?.actions.map(({ run }) => run),
        ['signIn'],
      );
    }));

  it('offers to try again when the partner has trouble, and keeps the session', () =>
    withApp({ partner: 'bizmail' }, async ({ fake, sandbox, profile }) => {
      const before = fake.secrets.get(profile.id)?.session;
      sandbox.fail({ status: 429 }, { call: 'refresh', times: Infinity });
      await refresh(fake.app, profile);
      assert.match(fake.explanations[0]?.message ?? '', /accepts no more calls for now/);
      assert.deepEqual(before && 'tokens' in before && before.tokens, tokensIn(fake.secrets.get(profile.id)?.session));
    }));

  it('offers to sign in where nobody is signed in', () =>
    withApp({ signedIn: false }, async ({ fake, profile, sandbox }) => {
      await refresh(fake.app, profile);
      assert.deepEqual(
        fake.explanations[0]?.actions.map(({ run }) => run),
        ['signIn', 'openSettings'],
      );
      assert.equal(sandbox.journal.length, 0);
    }));
});

function tokensIn(session: object | undefined): unknown {
  return session !== undefined && 'tokens' in session && session.tokens;
}

describe('copy', () => {
  it('puts the access token on the clipboard and says how long it lasts', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.clipboard, sandbox.tokens('tconnect')?.accessToken);
      assert.equal(fake.briefs.at(-1), '$(check) Access token copied (9h). The clipboard is cleared in 60 s.');
      assert.equal(refreshes(sandbox.journal), 0);
    }));

  it('writes the header as a header', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await copyAuthorizationHeader(fake.app, profile);
      assert.equal(fake.clipboard, `Authorization: Bearer ${sandbox.tokens('tconnect')?.accessToken ?? '?'}`);
    }));

  it('refreshes a token that has less than a minute left first', () =>
    withApp({ server: { accessLifetime: 59 } }, async ({ fake, sandbox, profile }) => {
      const before = sandbox.tokens('tconnect')?.accessToken;
      sandbox.set({ accessLifetime: 3600 });
      await copyAccessToken(fake.app, profile);
      assert.equal(refreshes(sandbox.journal), 1);
      assert.notEqual(fake.clipboard, before);
      assert.equal(fake.clipboard, sandbox.tokens('tconnect')?.accessToken);
    }));

  it('leaves a token that has a minute and more as it is', () =>
    withApp({ server: { accessLifetime: 600 } }, async ({ fake, sandbox, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(refreshes(sandbox.journal), 0);
      assert.notEqual(fake.clipboard, '');
    }));

  it('clears the clipboard when its time is over', () =>
    withApp({ clearAfter: 20 }, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.deepEqual(
        fake.later.map(({ seconds }) => seconds),
        [20],
      );
      await fake.later[0]?.callback();
      assert.equal(fake.clipboard, '');
      assert.equal(fake.briefs.at(-1), 'The token was cleared from the clipboard.');
    }));

  it('clears nothing that was copied since then', () =>
    withApp({}, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      fake.clipboard = 'something of the user';
      const said = fake.briefs.length;
      await fake.later[0]?.callback();
      assert.equal(fake.clipboard, 'something of the user');
      assert.equal(fake.briefs.length, said);
    }));

  it('gives a second copy its whole time', () =>
    withApp({}, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      await copyAccessToken(fake.app, profile);
      await fake.later[0]?.callback();
      assert.notEqual(fake.clipboard, '');
      await fake.later[1]?.callback();
      assert.equal(fake.clipboard, '');
    }));

  it('leaves the clipboard alone where it can not be read', () =>
    withApp({}, async ({ fake, profile }) => {
      const clipboard = { ...fake.app.clipboard, read: () => Promise.reject(new Error('not allowed')) };
      await copyAccessToken({ ...fake.app, clipboard }, profile);
      const copied = fake.clipboard;
      await fake.later[0]?.callback();
      assert.equal(fake.clipboard, copied);
    }));

  it('sets no timer when the clipboard is to be left', () =>
    withApp({ clearAfter: 0 }, async ({ fake, profile }) => {
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.later.length, 0);
      assert.equal(fake.briefs.at(-1), '$(check) Access token copied (9h)');
    }));

  it('touches no clipboard when there is no token to be had', () =>
    withApp({ server: { accessLifetime: 1 } }, async ({ fake, sandbox, profile }) => {
      fake.clipboard = 'something of the user';
      sandbox.revoke('tconnect');
      await copyAccessToken(fake.app, profile);
      assert.equal(fake.clipboard, 'something of the user');
      assert.equal(fake.explanations.length, 1);
    }));

  it('explains a failed call with itself as the thing to try again', () =>
    withApp({ server: { accessLifetime: 1 } }, async ({ fake, sandbox, profile }) => {
      await sandbox.close();
      await copyAuthorizationHeader(fake.app, profile);
      assert.equal(fake.explanations[0]?.actions[0]?.run, 'copyAuthorizationHeader');
    }));
});

describe('copy as cURL', () => {
  for (const partner of partnerNames) {
    it(`makes a command of ${partner}'s example call with the token and the partner's headers`, () =>
      withApp({ partner }, async ({ fake, sandbox, profile }) => {
        await copyAsCurl(fake.app, profile);
        const { example } = profile.definition;
        assert.ok(
          fake.clipboard.startsWith(`curl --request ${example?.method ?? ''} '${sandbox.url}${example?.path ?? ''}'`),
        );
        assert.ok(fake.clipboard.includes(`'Authorization: Bearer ${sandbox.tokens(partner)?.accessToken ?? '?'}'`));
        assert.equal(fake.clipboard.includes('Partner-Code: '), partner === 'tconnect');
      }));
  }
});

describe('inspect', () => {
  it('shows the claims and lifetimes, and no part of the token that could be used', () =>
    withApp({}, async ({ fake, sandbox, profile }) => {
      await inspectToken(fake.app, profile);
      const [document] = fake.documents;
      assert.equal(document?.name, `Token of ${profile.label}`);
      const shown = JSON.parse(document.text) as Record<string, Record<string, unknown>>;
      assert.equal(typeof shown.claims?.exp, 'number');
      assert.equal(typeof shown.lifetimes?.signInNeededAt, 'string');
      for (const part of (sandbox.tokens('tconnect')?.accessToken ?? '').split('.')) {
        assert.ok(!document.text.includes(part));
      }
    }));
});

describe('a command', () => {
  it('resolves with nothing that holds a token', () =>
    withApp({}, async ({ fake, profile }) => {
      for (const command of [copyAccessToken, copyAuthorizationHeader, copyAsCurl, inspectToken, refresh]) {
        const run = command as (...values: Parameters<typeof refresh>) => Promise<unknown>;
        assert.equal(await run(fake.app, profile), undefined, command.name);
      }
    }));
});
