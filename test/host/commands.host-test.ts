import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, env, window } from 'vscode';
import { commands as commandIds, type CommandName } from '../../extension/model/ids.ts';
import { run, runDeclining, until, withProfile } from './fixture.ts';
import { observed } from './observed.ts';

describe('the commands', () => {
  for (const name of Object.keys(commandIds) as CommandName[]) {
    it(`${name} returns nothing to its caller, who may be anyone`, async () => {
      await withProfile(async ({ profile }) => {
        await run('signIn', profile.id);
        assert.equal(await runDeclining(name, profile.id), undefined);
        await run('stopSandbox');
      });
    });
  }

  it('copy a token only to the clipboard', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await run('signIn', profile.id);
      const { accessToken = '' } = sandbox.tokens('tconnect') ?? {};
      for (const [name, expected] of [
        ['copyAccessToken', accessToken],
        ['copyAuthorizationHeader', `Authorization: Bearer ${accessToken}`],
      ] as const) {
        assert.equal(await run(name, profile.id), undefined);
        assert.equal(await env.clipboard.readText(), expected);
      }
      await env.clipboard.writeText('');
    });
  });

  it('inspectToken shows a document without the signature that can not be edited or saved', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await run('signIn', profile.id);
      await run('inspectToken', profile.id);
      const [, payload = '', signature = ''] = (sandbox.tokens('tconnect')?.accessToken ?? '').split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string };
      const editor = await until('the document', () => {
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
      assert.equal(edited && editor.document.getText() !== text, false, 'it is read-only');
      await commands.executeCommand('workbench.action.closeActiveEditor');
    });
  });

  it('leave a log that tells what happened without any secret', async () => {
    const { context } = await observed();
    await withProfile(async ({ sandbox, profile, record }) => {
      await run('signIn', profile.id);
      await run('refresh', profile.id);
      await runDeclining('signIn', profile.id);
      const log = await until('the log', async () => {
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
