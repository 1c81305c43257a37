import assert from 'node:assert/strict';
import type { SandboxPartner } from '../../core/sandbox/index.ts';
import { lazy } from '../../core/lib/node-modules.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { secretVariables } from '../core/cli/command.ts';
import { runCommands, withHome, type HomeFixture } from '../core/cli/with-home.ts';
import { recordSession } from './recorded-session.ts';
import { callsOf, tconnectEnv, testDocument } from '../helpers/documents.ts';

const signedIn = (
  name: string,
  partner: SandboxPartner,
  test: (fixture: HomeFixture) => Promise<void>,
): Promise<void> =>
  withHome({}, async (fixture) => {
    await fixture.add(name, partner);
    await test(fixture);
  });

const recorded = lazy(recordSession);
const isAsRecorded = async ({ key, code }: { readonly key: string; readonly code: string }): Promise<void> =>
  assert.equal(code, (await recorded())[key], 'npm run record writes it as it is now');

testDocument('core/cli/README.md', {
  'session-sandbox': isAsRecorded,
  session: isAsRecorded,
  'session-curl': isAsRecorded,

  async start({ code }) {
    await withHome({}, async (fixture) => {
      const { sandbox } = fixture;
      const env = { MAIL_URL: sandbox.url, ...secretVariables(sandbox, 'bizmail') };
      const { stdout } = await runCommands(code, fixture, env);
      assert.equal(stdout.trim(), sandbox.tokens('bizmail')?.accessToken);
    });
  },

  async request({ code }) {
    await signedIn('shop', 'tconnect', async (fixture) => {
      const { stdout } = await runCommands(code, fixture);
      assert.equal(typeof JSON.parse(stdout), 'object');
      assert.deepEqual(callsOf(fixture.sandbox), ['login', 'protected']);
    });
  },

  async exec({ code }) {
    await signedIn('drive', 'cloudreve', async (fixture) => {
      const { stdout } = await runCommands(code, fixture);
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
