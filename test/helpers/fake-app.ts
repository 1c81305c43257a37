import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openProfileStore,
  parsePartners,
  parseProfiles,
  SessionPool,
  storedProfiles,
  type CheckedProfile,
  type KnownPartners,
  type Profile,
  type SecretRecord,
} from '../../core/profiles/index.ts';
import type { Clock } from '../../core/index.ts';
import type { App, PickItem, SandboxControl } from '../../extension/model/app.ts';
import type { Notification } from '../../extension/model/messages.ts';
import { SignInDrafts } from '../../extension/model/sign-in-drafts.ts';
import type { Translate } from '../../extension/model/translate.ts';
import { fakeSecretStore, type FakeSecretStore } from './fake-secret-store.ts';
import { inputAcceptance, type Position, type Step } from '../../extension/model/wizard.ts';

/** Formats messages in English, like `vscode.l10n.t` without a translation. */
export const english: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));

export const back = Symbol('back');
export const cancel = Symbol('cancel');
type Reply = string | typeof back | typeof cancel | (() => string) | { readonly button: string };

export interface FakeAppOptions {
  readonly profiles?: readonly Profile[];
  /** The setting `partnerAuth.partners`. */
  readonly partners?: unknown;
  /** The input at each step, by step id; a list for a step that is shown more than once. All other steps are cancelled. */
  readonly replies?: Readonly<Record<string, Reply | readonly Reply[]>>;
  /** The buttons selected in questions, in order. */
  readonly buttons?: readonly string[];
  /** The label of the item selected in a list. */
  readonly choice?: string;
  readonly clearAfter?: number;
  /** The selection in the editor. */
  readonly selection?: string;
  /** The whole text in the editor. */
  readonly document?: string;
  readonly sandbox?: Partial<SandboxControl>;
  /** Default true. */
  readonly hasIssueReporter?: boolean;
  /** The time of the sessions. Default: that of the system. */
  readonly clock?: Clock;
  /** Called as each step is shown. */
  readonly onStep?: (step: Step, fake: FakeApp) => void;
}

export interface FakeApp {
  readonly app: App;
  /** The records in secret storage, by profile id. */
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  readonly secretStore: FakeSecretStore;
  /** The folder that all windows share. */
  readonly folder: string;
  readonly steps: readonly { readonly step: Step; readonly position: Position }[];
  readonly statusMessages: readonly string[];
  /** Everything that has been reported, in notifications and in dialogs. */
  readonly notifications: readonly Notification[];
  /** Those of them that were shown in a modal dialog. */
  readonly reports: readonly Notification[];
  /** The titles of the progress shown. */
  readonly progress: readonly string[];
  readonly questions: readonly string[];
  /** The warnings of steps whose value was confirmed all the same. */
  readonly doubts: readonly string[];
  /** The question and the detail of each modal dialog. */
  readonly confirmations: readonly string[];
  readonly documents: readonly { readonly name: string; readonly text: string }[];
  readonly pickLists: readonly (readonly PickItem<unknown>[])[];
  /** The placeholder of each list. */
  readonly pickPrompts: readonly string[];
  readonly images: { readonly shown: readonly string[]; open: number };
  readonly logLines: readonly string[];
  /** The user's setting `partnerAuth.profiles`, unparsed. */
  readonly savedProfiles: readonly Profile[];
  /** The user's setting `partnerAuth.partners`, unparsed. */
  readonly savedPartners: readonly unknown[];
  /** The ids of the profiles that were saved, in order. */
  readonly writes: readonly string[];
  /** The texts with which the issue reporter was opened. */
  readonly issueBodies: readonly string[];
  /** The names under which secret storage was written, in order. */
  readonly secretWrites: string[];
  clipboard: string;
  /** Callbacks scheduled to clear the clipboard. */
  readonly scheduled: readonly { readonly seconds: number; readonly callback: () => Promise<void> }[];
  profile(id: string): CheckedProfile;
  /** When true, saving the user's settings fails. */
  areSettingsReadOnly: boolean;
}

/** The dependencies of the commands, in memory: secret storage, settings, clipboard, and a user with scripted input. */
export function fakeApp(options: FakeAppOptions = {}): FakeApp {
  const secretStore = fakeSecretStore();
  const secretWrites: string[] = [];
  const issueBodies: string[] = [];
  const { set } = secretStore;
  secretStore.set = (name, value) => {
    secretWrites.push(name);
    return set(name, value);
  };
  const steps: { step: Step; position: Position }[] = [];
  const statusMessages: string[] = [];
  const notifications: Notification[] = [];
  const reports: Notification[] = [];
  const progress: string[] = [];
  const questions: string[] = [];
  const doubts: string[] = [];
  const confirmations: string[] = [];
  const documents: { name: string; text: string }[] = [];
  const pickLists: (readonly PickItem<unknown>[])[] = [];
  const pickPrompts: string[] = [];
  const images = { shown: [] as string[], open: 0 };
  const logLines: string[] = [];
  const writes: string[] = [];
  const savedProfiles: Profile[] = [...(options.profiles ?? [])];
  const scheduled: { seconds: number; callback: () => Promise<void> }[] = [];
  const buttons = [...(options.buttons ?? [])];
  const replies = new Map(
    Object.entries(options.replies ?? {}).map(([id, reply]) => [id, isList(reply) ? [...reply] : [reply]]),
  );
  const savedPartners: unknown[] = Array.isArray(options.partners) ? [...(options.partners as unknown[])] : [];
  const known = (): KnownPartners => parsePartners(savedPartners).known;
  let active: string | undefined;
  const list = (): readonly CheckedProfile[] => parseProfiles(savedProfiles, known()).profiles;
  const line = (level: string) => (message: string) => void logLines.push(`${level}: ${message}`);
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

  const folder = createTemporaryFolder();

  const app: App = {
    t: english,
    log,
    now: Date.now,
    formatTime: (epochMs) => new Date(epochMs).toISOString(),
    sessions: new SessionPool({
      openStore: (profile) =>
        openProfileStore(profile, { secrets: secretStore, folder, log, secretsAreVolatile: () => false }),
      readFile: (path) => readFile(path),
      log,
      autoRefresh: () => false,
      refreshMargin: () => 300,
      globalAgent: false,
      ...(options.clock && { clock: options.clock }),
    }),
    stored: storedProfiles({ secrets: secretStore, folder }),
    profiles: {
      list,
      ids: () => savedProfiles.map(({ id }) => id),
      partners: known,
      partnerIds: () => savedPartners.map((entry) => String((entry as { readonly id?: unknown }).id)),
      problems: () => parseProfiles(savedProfiles, known()).problems,
      active: () => list().find(({ id }) => id === active) ?? list()[0],
      activate: async (id) => void (active = id),
      async save(profile) {
        if (fake.areSettingsReadOnly) throw new Error('Unable to write into user settings.');
        writes.push(profile.id);
        const index = savedProfiles.findIndex(({ id }) => id === profile.id);
        savedProfiles.splice(index === -1 ? savedProfiles.length : index, 1, profile);
      },
      async remove(id) {
        const kept = savedProfiles.filter((profile) => profile.id !== id);
        savedProfiles.splice(0, savedProfiles.length, ...kept);
      },
      async addPartner(definition) {
        if (fake.areSettingsReadOnly) throw new Error('Unable to write into user settings.');
        savedPartners.push(definition);
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
        if (typeof reply === 'object') return reply;
        const value = typeof reply === 'function' ? reply() : String(reply);
        if (step.kind === 'pick') return { value };
        const accept = inputAcceptance(step);
        const outcome = await accept(value, new AbortController().signal);
        if (outcome.kind === 'invalid') throw new Error(`The step ${step.id} rejected the reply: ${outcome.problem}`);
        if (outcome.kind === 'accepted') return { value: outcome.value };
        doubts.push(outcome.message);
        // As a person who presses Enter again.
        const confirmed = await accept(outcome.value, new AbortController().signal);
        if (confirmed.kind !== 'accepted') throw new Error(`The step ${step.id} did not take its own proposal.`);
        return { value: confirmed.value };
      },
      async pick(placeholder, items) {
        pickPrompts.push(placeholder);
        pickLists.push(items);
        return items.find(({ label }) => label === options.choice)?.value;
      },
      async ask(message, ...offered) {
        questions.push(message);
        const button = buttons.shift();
        return button !== undefined && offered.includes(button) ? button : undefined;
      },
      async confirm(question, detail, ...offered) {
        confirmations.push(`${question}\n${detail}`);
        const button = buttons.shift();
        return button !== undefined && offered.includes(button) ? button : undefined;
      },
      async report(notification) {
        notifications.push(notification);
        reports.push(notification);
      },
      editorText: () =>
        options.selection === undefined && options.document === undefined
          ? undefined
          : { selection: options.selection, document: options.document ?? options.selection ?? '' },
      notify: async (notification) => void notifications.push(notification),
      showStatusMessage: (message) => void statusMessages.push(message),
      withProgress: (_title, work) => work(new AbortController().signal),
      withSignInProgress(title, _profileId, work) {
        progress.push(title);
        return work(new AbortController().signal);
      },
      showDocument: async (name, text) => void documents.push({ name, text }),
      showImage({ dataUri }) {
        images.shown.push(dataUri);
        images.open++;
        return () => {
          images.open--;
        };
      },
    },
    drafts: new SignInDrafts(),
    clipboard: {
      read: async () => fake.clipboard,
      write: async (text) => void (fake.clipboard = text),
      clearAfter: () => options.clearAfter ?? 60,
      schedule: (seconds, callback) => void scheduled.push({ seconds, callback }),
    },
    sandbox: {
      running: () => Promise.resolve(undefined),
      start: () => Promise.reject(new Error('The fake app has no sandbox.')),
      stop: () => Promise.resolve(),
      ...options.sandbox,
    },
    issues: {
      environment: () => ({ version: '1.2.3', editor: 'Fake Code' }),
      settings: () => ({ autoRefresh: false }),
      async open(body) {
        if (options.hasIssueReporter === false) return false;
        issueBodies.push(body);
        return true;
      },
    },
  };
  const fake: FakeApp = {
    app,
    get secrets() {
      return secretStore.records();
    },
    secretStore,
    folder,
    steps,
    statusMessages,
    notifications,
    reports,
    progress,
    questions,
    doubts,
    confirmations,
    documents,
    pickLists,
    pickPrompts,
    images,
    logLines,
    savedProfiles,
    savedPartners,
    writes,
    secretWrites,
    issueBodies,
    clipboard: '',
    scheduled,
    areSettingsReadOnly: false,
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

const temporaryFolders: string[] = [];

/** Creates a temporary folder that is deleted when the process exits. */
function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'partner-auth-test-'));
  if (temporaryFolders.push(folder) === 1) {
    process.once('exit', () => temporaryFolders.forEach((path) => rmSync(path, { recursive: true, force: true })));
  }
  return folder;
}
