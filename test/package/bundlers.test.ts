import assert from 'node:assert/strict';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../core/sandbox/index.ts';
import { bundlers } from '../helpers/bundlers.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** A user's program: it encrypts with both engines, which take over at different lengths, and signs in. */
const program = `
import { createCipher, openSession } from 'partner-auth';

async function main() {
  const { profile, credentials } = JSON.parse(process.env.SANDBOX_PROFILE);
  const cipher = createCipher(profile.cipher);
  for (const length of [0, 1, 15, 16, 175, 176, 192, 193, 1000, 100000]) {
    const plaintext = 'x'.repeat(length);
    if (cipher.decrypt(cipher.encrypt(plaintext)) !== plaintext) throw new Error('Wrong plaintext of ' + length);
  }
  const session = await openSession(profile);
  await session.login(credentials);
  await session.refresh();
  const payload = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 };
  const { status } = await session.request('/openapi/v1/transaction/qr', { payload });
  console.log(session.status.phase, status);
  await session.close();
}

main();
`;

describe('the library in a bundle', () => {
  const stack = new AsyncDisposableStack();
  let sandbox: Sandbox;
  let entry: string;

  before(async () => {
    sandbox = stack.use(await startSandbox());
    const { path } = stack.use(await temporaryFolder());
    const installed = join(path, 'node_modules', 'partner-auth');
    await mkdir(installed, { recursive: true });
    await cp(join(root, 'package.json'), join(installed, 'package.json'));
    await cp(join(root, 'dist/core'), join(installed, 'dist/core'), { recursive: true });
    for (const name of ['got', 'node-forge']) {
      await symlink(join(root, 'node_modules', name), join(path, 'node_modules', name), 'junction');
    }
    entry = join(path, 'main.mjs');
    await writeFile(entry, program);
  });
  after(() => stack.disposeAsync());

  for (const [name, bundle] of Object.entries(bundlers)) {
    for (const format of ['esm', 'cjs'] as const) {
      it(`of ${name} as ${format} encrypts with both engines and signs in, without node_modules`, async () => {
        await using folder = await temporaryFolder();
        const file = format === 'esm' ? 'main.mjs' : 'main.cjs';
        assert.deepEqual(await bundle(entry, { format, folder: folder.path, file }), []);
        const profile = sandbox.profiles.tconnect;
        const env = { SANDBOX_PROFILE: JSON.stringify({ profile, credentials: profile.credentials }) };
        const { stdout, stderr } = await runProgram(process.execPath, [file], { cwd: folder.path, env });
        assert.equal(`${stdout}${stderr}`, 'valid 200\n');
      });
    }
  }
});
