import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, env, window } from 'vscode';
import { commands as commandIds, type CommandName } from '../../extension/model/ids.ts';
import { runCommand, runAndDismiss, waitUntil, withProfile } from './fixture.ts';
import { activateExtension } from './activation-record.ts';

describe('the commands in VS Code', () => {
  for (const name of Object.keys(commandIds) as CommandName[]) {
    it(`${name} returns nothing, because any extension can call it`, async () => {
      await withProfile(async ({ profile }) => {
        await runCommand('signIn', profile.id);
        assert.equal(await runAndDismiss(name, profile.id), undefined);
        await runCommand('stopSandbox');
      });
    });
  }

  for (const wrong of [null, 7, true, '', 'nobody', {}, { id: 'x' }, []]) {
    it(`do nothing to the active profile with the argument ${JSON.stringify(wrong)}`, async () => {
      await withProfile(async ({ sandbox, profile }) => {
        await runCommand('signIn', profile.id);
        await env.clipboard.writeText('copied by the user');
        for (const name of ['refresh', 'copyAccessToken', 'signOut', 'removeProfile', 'editProfile'])
          await runAndDismiss(name, wrong);
        assert.deepEqual(
          sandbox.journal.map(({ call }) => call),
          ['login'],
        );
        assert.equal(await env.clipboard.readText(), 'copied by the user');
      });
    });
  }

  it('copy a token to the clipboard and return nothing', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      const { accessToken = '' } = sandbox.tokens('tconnect') ?? {};
      for (const [name, expected] of [
        ['copyAccessToken', accessToken],
        ['copyAuthorizationHeader', `Authorization: Bearer ${accessToken}`],
      ] as const) {
        assert.equal(await runCommand(name, profile.id), undefined);
        assert.equal(await env.clipboard.readText(), expected);
      }
      await env.clipboard.writeText('');
    });
  });

  it('inspectToken shows a read-only document without the signature', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      await runCommand('inspectToken', profile.id);
      const [, payload = '', signature = ''] = (sandbox.tokens('tconnect')?.accessToken ?? '').split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string };
      const editor = await waitUntil('the document', () => {
        const { activeTextEditor: active } = window;
        return active?.document.getText().includes(claims.jti) === true ? active : undefined;
      });
      const text = editor.document.getText();
      assert.equal(editor.document.uri.scheme, 'partner-auth');
      assert.deepEqual((JSON.parse(text) as { claims: unknown }).claims, claims);
      assert.ok(signature.length > 20);
      assert.equal(text.includes(signature), false);
      assert.equal(editor.document.languageId, 'json');
      const edited = await editor
        .edit((edit) => edit.insert(editor.document.positionAt(0), 'x'))
        .then(
          (applied) => applied,
          () => false,
        );
      assert.equal(edited && editor.document.getText() !== text, false, 'the document is read-only');
      await commands.executeCommand('workbench.action.closeActiveEditor');
    });
  });

  it('write a log without secrets', async () => {
    const { context } = await activateExtension();
    await withProfile(async ({ sandbox, profile, record }) => {
      await runCommand('signIn', profile.id);
      await runCommand('refresh', profile.id);
      await runAndDismiss('signIn', profile.id);
      const log = await waitUntil('the log', async () => {
        const text = await readFile(join(context.logUri.fsPath, 'Partner Auth.log'), 'utf8').catch(() => '');
        return text.includes('ACME: Refreshed: generation 2.') ? text : undefined;
      });
      assert.match(log, /ACME: Signed in\./);
      const { credentials, key, iv } = await record();
      const { accessToken, refreshToken } = sandbox.tokens('tconnect') ?? {};
      const secrets = {
        password: credentials?.password,
        clientSecret: credentials?.client_secret,
        key,
        iv,
        ciphertexts: sandbox.journal.map(({ body }) => (JSON.parse(body) as { data: string }).data),
        tokens: [accessToken, refreshToken],
      };
      for (const [name, values] of Object.entries(secrets)) {
        for (const value of [values].flat()) {
          assert.ok(value !== undefined && value.length >= 16, name);
          assert.equal(log.includes(value), false, name);
        }
      }
    });
  });
});
