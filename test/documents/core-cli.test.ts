import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { SandboxPartner } from '../../core/sandbox/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { main, secretVariables } from '../core/cli/command.ts';
import { withHome, storeKey, type HomeFixture } from '../core/cli/with-home.ts';
import { callsOf, tconnectEnv, testDocument } from '../helpers/documents.ts';
import { runProgram, type ProgramResult } from '../helpers/run-program.ts';

/** Runs the commands of a block with `partner-auth` of this checkout, in a home in which the profile is signed in. */
async function runBlock(
  code: string,
  { home, file }: HomeFixture,
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const program = file('partner-auth');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(program, 0o755);
  const path = `${join(program, '..')}:${process.env.PATH ?? ''}`;
  const variables = { PATH: path, PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey, ...env };
  const ended = await runProgram('bash', ['-ec', code], { env: variables });
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

const signedIn = (
  name: string,
  partner: SandboxPartner,
  test: (fixture: HomeFixture) => Promise<void>,
): Promise<void> =>
  withHome({}, async (fixture) => {
    await fixture.add(name, partner);
    await test(fixture);
  });

testDocument('core/cli/README.md', {
  async start({ code }) {
    await withHome({}, async (fixture) => {
      const { sandbox } = fixture;
      const env = { MAIL_URL: sandbox.url, ...secretVariables(sandbox, 'bizmail') };
      const { stdout } = await runBlock(code, fixture, env);
      assert.equal(stdout.trim(), sandbox.tokens('bizmail')?.accessToken);
    });
  },

  async request({ code }) {
    await signedIn('shop', 'tconnect', async (fixture) => {
      const { stdout } = await runBlock(code, fixture);
      assert.equal(typeof JSON.parse(stdout), 'object');
      assert.deepEqual(callsOf(fixture.sandbox), ['login', 'protected']);
    });
  },

  async exec({ code }) {
    await signedIn('drive', 'cloudreve', async (fixture) => {
      const { stdout } = await runBlock(code, fixture);
      assert.match(stdout, /^\{"code":0,/);
    });
  },

  async 'real-partner'({ shell }) {
    await using sandbox = await startSandbox();
    const { code, stdout, stderr } = await shell({ env: tconnectEnv(sandbox, 'PARTNER_AUTH_') });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^TCONNECT {2}http:.*\n {2}Sign in/m);
    assert.deepEqual(callsOf(sandbox), ['login', 'protected', 'refresh']);
  },
});
