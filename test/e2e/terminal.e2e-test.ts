import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPartner, type Partner } from '../helpers/workbench/leaks.ts';
import { completeSignIn, profileOf, startPartnerAuth, statusItem } from '../helpers/workbench/partner-auth.ts';
import { waitUntil } from '../helpers/workbench/wait-until.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';
import type { Workbench } from '../helpers/workbench/workbench.ts';

const query = '{"from_date":"2026-01-01 00:00:00","to_date":"2026-01-31 23:59:59","limit":10,"page":1}';
const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));

describe('the command line in the terminal of VS Code', () => {
  const stack = new AsyncDisposableStack();
  let partner: Partner;
  let workbench: Workbench;
  let window: WorkbenchWindow;
  let home: string;
  let runs = 0;
  const rows = () => window.page.locator('.terminal-wrapper.active .xterm-rows');

  before(async () => {
    partner = stack.use(await startPartner());
    workbench = stack.use(
      await startPartnerAuth({
        profiles: [{ ...profileOf(partner, 'tconnect'), id: 'acme' }],
        settings: {
          'terminal.integrated.defaultProfile.linux': 'sh',
          'terminal.integrated.profiles.linux': { sh: { path: '/bin/sh' } },
          // As text, which can be read.
          'terminal.integrated.gpuAcceleration': 'off',
        },
      }),
    );
    window = await workbench.openWindow();
    home = await workbench.temporaryFolder();
    await window.runCommand('Partner Auth: Sign In');
    await completeSignIn(window, partner);
    await window.runCommand('Terminal: Create New Terminal');
    await waitForPrompt();
  });
  after(() => stack.disposeAsync());

  /** Before it, VS Code discards what is typed. */
  async function waitForPrompt(): Promise<void> {
    await waitUntil(window.page, 'the prompt of the terminal', async () =>
      /[#$]\s*$/.test((await rows().allInnerTexts()).join('').replaceAll('\u00a0', ' ')) ? true : undefined,
    );
  }

  /** Types a command into the terminal. Returns what waits for its exit code and output. */
  async function run(args: string): Promise<() => Promise<string>> {
    const file = join(home, `${++runs}.txt`);
    await window.page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus();
    const command = `PARTNER_AUTH_HOME='${home}' '${process.execPath}' '${main}' ${args}`;
    await window.page.keyboard.type(`(${command}; echo "exit $?") > '${file}' 2>&1\n`);
    return () =>
      waitUntil(window.page, `the end of ${args}`, async () => {
        const text = await readFile(file, 'utf8').catch(() => '');
        return /exit \d+\n$/.test(text) ? text : undefined;
      });
  }

  it('shows and uses the profile that is signed in there', async () => {
    const status = await (await run('status'))();
    assert.match(status, /^acme .* valid for .* in VS Code\nexit 0\n$/m);
    const call = await (await run(`request acme POST /openapi/v1/transaction/qr -d '${query}'`))();
    assert.match(call, /"page":1.*exit 0\n$/s);
  });

  it('prints the token after the user has allowed it in the window', async () => {
    const printed = await run('token acme');
    const { text, buttons } = await window.dialogs.waitFor();
    assert.match(text, /^Allow programs in the terminals of this window to read the access token of ACME\?/);
    assert.deepEqual(buttons.toSorted(), ['Allow', 'Cancel']);
    await window.dialogs.click('Allow');
    assert.equal(await printed(), `${partner.tokens('tconnect')?.accessToken}\nexit 0\n`);
  });

  it('goes on after the window was reloaded, without a warning at the terminal', async () => {
    // VS Code stores a moment later that the panel is visible, and in a browser a reload does not wait for that.
    await waitUntil(window.page, 'the state of the panel to be stored', async () =>
      (await workbench.browserState()).includes('{"key":"workbench.panel.hidden","value":"false"}') ? true : undefined,
    );
    await window.reload();
    await statusItem(window).waitFor('$(key) ACME 9h');
    await waitForPrompt();
    assert.match(await (await run('refresh acme'))(), /^Refreshed acme\..*\nexit 0\n$/s);
    assert.equal(
      await window.page
        .locator('.terminal-tabs-entry .codicon-warning, .terminal-inline-tab-entry .codicon-warning')
        .count(),
      0,
    );
  });

  it('does not know the profile after the setting was turned off', async () => {
    await workbench.changeUserSettings({ 'partnerAuth.terminal.enabled': false });
    await window.reload();
    await statusItem(window).waitFor('$(key) ACME 9h');
    await waitForPrompt();
    const unknown = /^There is no profile "acme" in .*\nexit 2\n$/s;
    let shown = '';
    await waitUntil(window.page, 'the profile to be unknown', async () => {
      shown = await (await run('status acme'))();
      return unknown.test(shown) ? true : undefined;
    }).catch(() => assert.match(shown, unknown));
  });
});
