import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openProfileStore,
  parsePartners,
  parseProfiles,
  SessionPool,
  type CheckedProfile,
  type Profile,
  type SecretRecord,
} from '../../core/profiles/index.ts';
import type { App, PickItem, RunningSandbox } from '../../extension/model/app.ts';
import type { Explanation } from '../../extension/model/messages.ts';
import type { Translate } from '../../extension/model/translate.ts';
import { fakeSecretStore } from './fake-secret-store.ts';
import type { Position, Step } from '../../extension/model/wizard.ts';

/** Fills in placeholders as `vscode.l10n.t` does when the display language is English. */
export const english: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));

export const back = Symbol('back');
export const cancel = Symbol('cancel');
type Reply = string | typeof back | typeof cancel | (() => string);

export interface FakeAppOptions {
  readonly profiles?: readonly Profile[];
  /** The setting `partnerAuth.partners`. */
  readonly partners?: unknown;
  /** What the user enters, by step id; a list for a step that is shown several times. Other steps are cancelled. */
  readonly replies?: Readonly<Record<string, Reply | readonly Reply[]>>;
  /** The buttons that the user clicks in dialogs, in order. */
  readonly buttons?: readonly string[];
  /** The label of the item that the user picks from a list. */
  readonly choice?: string;
  readonly clearAfter?: number;
  /** The selected text in the editor. */
  readonly selection?: string;
  readonly sandbox?: () => Promise<RunningSandbox>;
  /** Called as each step is shown. */
  readonly onStep?: (step: Step, fake: FakeApp) => void;
}

export interface FakeApp {
  readonly app: App;
  /** The records in secret storage, by profile id. */
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  readonly steps: readonly { readonly step: Step; readonly position: Position }[];
  readonly briefs: readonly string[];
  readonly explanations: readonly Explanation[];
  readonly questions: readonly string[];
  readonly documents: readonly { readonly name: string; readonly text: string }[];
  readonly lists: readonly (readonly PickItem<unknown>[])[];
  /** The placeholder of each list. */
  readonly prompts: readonly string[];
  readonly pictures: { readonly shown: readonly string[]; open: number };
  readonly logged: readonly string[];
  /** The unparsed setting `partnerAuth.profiles`. */
  readonly setting: readonly Profile[];
  clipboard: string;
  /** The scheduled callbacks that clear the clipboard. */
  readonly later: readonly { readonly seconds: number; readonly callback: () => Promise<void> }[];
  profile(id: string): CheckedProfile;
  /** Makes writing the user's settings fail. */
  settingsAreReadOnly: boolean;
}

/** Creates an in-memory `App`: secret storage, settings, clipboard, and a user who follows a script. */
export function fakeApp(options: FakeAppOptions = {}): FakeApp {
  const secretStore = fakeSecretStore();
  const steps: { step: Step; position: Position }[] = [];
  const briefs: string[] = [];
  const explanations: Explanation[] = [];
  const questions: string[] = [];
  const documents: { name: string; text: string }[] = [];
  const lists: (readonly PickItem<unknown>[])[] = [];
  const prompts: string[] = [];
  const pictures = { shown: [] as string[], open: 0 };
  const logged: string[] = [];
  const setting: Profile[] = [...(options.profiles ?? [])];
  const later: { seconds: number; callback: () => Promise<void> }[] = [];
  const buttons = [...(options.buttons ?? [])];
  const replies = new Map(
    Object.entries(options.replies ?? {}).map(([id, reply]) => [id, isList(reply) ? [...reply] : [reply]]),
  );
  const { known } = parsePartners(options.partners);
  let active: string | undefined;
  const list = (): readonly CheckedProfile[] => parseProfiles(setting, known).profiles;
  const line = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

  const folder = createTemporaryFolder();

  const app: App = {
    t: english,
    log,
    now: Date.now,
    sessions: new SessionPool({
      openStore: (profile) =>
        openProfileStore(profile, { secrets: secretStore, folder, log, secretsAreVolatile: () => false }),
      readFile: () => Promise.reject(new Error('The fake app has no files.')),
      log,
      autoRefresh: () => false,
      refreshMargin: () => 300,
      now: Date.now,
      globalAgent: false,
    }),
    profiles: {
      list,
      partners: () => known,
      active: () => list().find(({ id }) => id === active) ?? list()[0],
      activate: async (id) => void (active = id),
      async save(profile) {
        if (fake.settingsAreReadOnly) throw new Error('Unable to write into user settings.');
        const index = setting.findIndex(({ id }) => id === profile.id);
        setting.splice(index === -1 ? setting.length : index, 1, profile);
      },
      async remove(id) {
        const kept = setting.filter((profile) => profile.id !== id);
        setting.splice(0, setting.length, ...kept);
      },
    },
    ui: {
      async showStep(step, position) {
        steps.push({ step, position });
        options.onStep?.(step, fake);
        const queue = replies.get(step.id);
        const reply = queue !== undefined && queue.length > 1 ? queue.shift() : (queue?.[0] ?? cancel);
        if (reply === cancel) return undefined;
        if (reply === back) return 'back';
        const value = typeof reply === 'function' ? reply() : String(reply);
        const problem = step.kind === 'input' ? step.validate?.(value) : undefined;
        if (problem !== undefined) throw new Error(`The step ${step.id} rejected the reply: ${problem}`);
        return { value };
      },
      async pick(placeholder, items) {
        prompts.push(placeholder);
        lists.push(items);
        return items.find(({ label }) => label === options.choice)?.value;
      },
      async ask(message, ...offered) {
        questions.push(message);
        const button = buttons.shift();
        return button !== undefined && offered.includes(button) ? button : undefined;
      },
      selectedText: () => options.selection,
      explain: async (explanation) => void explanations.push(explanation),
      brief: (message) => void briefs.push(message),
      progress: (_title, work) => work(new AbortController().signal),
      showDocument: async (name, text) => void documents.push({ name, text }),
      showPicture(_title, dataUri) {
        pictures.shown.push(dataUri);
        pictures.open++;
        return () => {
          pictures.open--;
        };
      },
    },
    clipboard: {
      read: async () => fake.clipboard,
      write: async (text) => void (fake.clipboard = text),
      clearAfter: () => options.clearAfter ?? 60,
      later: (seconds, callback) => void later.push({ seconds, callback }),
    },
    sandbox: {
      start: options.sandbox ?? (() => Promise.reject(new Error('The fake app has no sandbox.'))),
      stop: () => Promise.resolve(),
    },
  };
  const fake: FakeApp = {
    app,
    get secrets() {
      return secretStore.records();
    },
    steps,
    briefs,
    explanations,
    questions,
    documents,
    lists,
    prompts,
    pictures,
    logged,
    setting,
    clipboard: '',
    later,
    settingsAreReadOnly: false,
    profile(id) {
      const found = list().find((profile) => profile.id === id);
      if (found === undefined) throw new Error(`The fake app has no profile ${id}.`);
      return found;
    },
  };
  return fake;
}

function isList(reply: Reply | readonly Reply[]): reply is readonly Reply[] {
  return Array.isArray(reply);
}

/** Creates a folder that is removed when the process exits. */
function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'partner-auth-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
