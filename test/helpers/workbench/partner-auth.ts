import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Profile } from '../../../core/profiles/profile.ts';
import type { Sandbox, SandboxPartner } from '../../../core/sandbox/index.ts';
import { repositoryRoot } from '../vscode/paths.ts';
import { startEditor, type Editor } from './editor.ts';
import type { WorkbenchWindow } from './window.ts';
import type { StatusItem } from './widgets/status-item.ts';
import { Workbench, type WorkbenchOptions } from './workbench.ts';

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as Record<
  'name' | 'version' | 'publisher',
  string
>;

export const extensionId = `${manifest.publisher}.${manifest.name}`;
export const vsix = join(repositoryRoot, `${manifest.name}-${manifest.version}.vsix`);

export interface PartnerAuthOptions extends Omit<WorkbenchOptions, 'extensionId'> {
  readonly profiles?: readonly Profile[];
  /** Additional packed extensions to install. */
  readonly otherExtensions?: readonly string[];
  /** Display language of extensions, e.g. `vi`. VS Code itself stays English. */
  readonly locale?: string;
}

/** The editors of this process by display language, with the packed extension installed. All suites use the same one. */
const editors = new Map<string | undefined, Promise<Editor>>();

/** Opens a VS Code without state, with the packed extension installed, once the workbench before it is closed. */
export async function startPartnerAuth({
  profiles,
  settings,
  otherExtensions = [],
  locale,
  ...options
}: PartnerAuthOptions = {}): Promise<Workbench> {
  let starting = editors.get(locale);
  if (starting === undefined) {
    starting = startEditor({ vsix: [vsix], locale });
    editors.set(locale, starting);
  }
  const editor = await starting;
  for (const file of otherExtensions) await editor.install(file);
  const own = profiles === undefined ? {} : { 'partnerAuth.profiles': profiles };
  return Workbench.open(editor, { extensionId, settings: { ...own, ...settings }, ...options });
}

after(async () => {
  for (const editor of editors.values()) await (await editor)[Symbol.asyncDispose]();
});

/** The status bar item of the extension. */
export function statusItem(window: WorkbenchWindow): StatusItem {
  return window.statusItem(extensionId);
}

/** The short-lived message of the extension in the status bar. */
export function statusMessage(window: WorkbenchWindow): StatusItem {
  return window.statusItem('status.extensionMessage');
}

export { profileOf } from '../profile-of.ts';

/** Key, IV and login fields, in the order in which a sign-in to a new profile prompts for them. */
export function signInInputs(sandbox: Sandbox, partner: SandboxPartner): StepInput[] {
  const { credentials } = sandbox.profiles[partner];
  const fields = Object.entries(credentials as unknown as Record<string, string>).map(([name, value]) => ({
    value,
    masked: /password|secret/.test(name),
  }));
  if (partner !== 'tconnect') return fields;
  const { key, iv } = sandbox.profiles.tconnect.cipher;
  const material = [key, ...(iv.from === 'fixed' ? [iv.value] : [])];
  return [...material.map((value) => ({ value, masked: true })), ...fields];
}

export interface StepInput {
  readonly value: string;
  readonly masked: boolean;
}

/** Types the inputs into the steps of an open wizard, starting at step `from`, and checks which steps are masked. */
export async function typeSteps(window: WorkbenchWindow, inputs: readonly StepInput[], from = 1): Promise<void> {
  for (const [index, { value, masked }] of inputs.entries()) {
    await window.quickInput.waitFor({ step: from + index, masked });
    await window.quickInput.type(value);
    await window.quickInput.accept();
  }
}

/** Completes a sign-in, from the open first step until the status item shows the remaining time. */
export async function completeSignIn(
  window: WorkbenchWindow,
  sandbox: Sandbox,
  partner: SandboxPartner = 'tconnect',
): Promise<void> {
  const inputs = signInInputs(sandbox, partner);
  await typeSteps(window, inputs);
  const remember = await window.quickInput.waitFor({ step: inputs.length + 1 });
  await window.quickInput.pick(remember.rows[0]?.label ?? '');
  await window.quickInput.waitUntilClosed();
  await statusItem(window).waitFor(/ \d+/);
}

/** The number of requests of one kind that the sandbox has received. */
export function countCalls(sandbox: Sandbox, call: 'login' | 'refresh' | 'logout' | 'protected'): number {
  return sandbox.journal.filter((entry) => entry.call === call).length;
}
