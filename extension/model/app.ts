import type { CipherSettings, Logger, PartnerDefinition } from '../../core/index.ts';
import type {
  CheckedProfile,
  KnownPartners,
  Profile,
  ProfileProblem,
  SessionPool,
  StoredProfiles,
} from '../../core/profiles/index.ts';
import type { Notification } from './messages.ts';
import type { SignInDrafts } from './sign-in-drafts.ts';
import type { Translate } from './translate.ts';
import type { ShowStep } from './wizard.ts';

/** Same shape as VS Code's `Disposable`, without importing it. */
export interface Disposable {
  dispose(): void;
}

/** The dependencies of a command. */
export interface App {
  readonly t: Translate;
  readonly log: Logger;
  readonly now: () => number;
  /** Formats a time in the user's language and time zone. */
  readonly formatTime: (epochMs: number) => string;
  readonly sessions: SessionPool;
  readonly profiles: Profiles;
  readonly stored: StoredProfiles;
  readonly ui: Ui;
  readonly clipboard: Clipboard;
  readonly sandbox: SandboxControl;
  readonly issues: IssueReporter;
  readonly drafts: SignInDrafts;
}

export interface Profiles {
  list(): readonly CheckedProfile[];
  /** The ids of all entries of the user's settings, including the invalid ones. */
  ids(): readonly string[];
  /** The built-in partners and those of the user's settings, by id. */
  partners(): KnownPartners;
  /** The ids of all entries of the user's partners, including the invalid ones. */
  partnerIds(): readonly string[];
  /** What is wrong with the other entries. */
  problems(): readonly ProfileProblem[];
  active(): CheckedProfile | undefined;
  /** Makes a profile the active one in this workspace. */
  activate(id: string): Promise<void>;
  /**
   * Adds a profile to the user's settings, or replaces the one with the same id. Writes nothing that is unchanged, and rejects
   * if the setting is not a list.
   */
  save(profile: Profile): Promise<void>;
  remove(id: string): Promise<void>;
  /** Adds a partner definition to the user's settings. */
  addPartner(definition: PartnerDefinition): Promise<void>;
}

export interface Ui {
  readonly showStep: ShowStep;
  /** Shows a list. Resolves the value of the selected item, or undefined if the user cancelled. */
  pick<T>(placeholder: string, items: readonly PickItem<T>[]): Promise<T | undefined>;
  /** Shows a message with buttons. Resolves the title of the selected button, or undefined if it was dismissed. */
  ask(message: string, ...buttons: string[]): Promise<string | undefined>;
  /**
   * Asks in a modal dialog, before something that cannot be undone or where a sequence of prompts cannot go on otherwise: a
   * message can go unseen. Resolves as `ask`.
   */
  confirm(question: string, detail: string, ...buttons: string[]): Promise<string | undefined>;
  /** Shows a notification, and runs the selected action for this profile or else for the active one. */
  notify(notification: Notification, severity: 'info' | 'warning' | 'error', profileId?: string): Promise<void>;
  /** The same in a modal dialog, at the end of a sequence of prompts whose outcome the user waits for. */
  report(notification: Notification, profileId?: string): Promise<void>;
  /** Shows a short-lived message in the status bar. */
  showStatusMessage(message: string): void;
  /** Shows cancellable progress while `work` runs. */
  withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** The same, also in the status item, while `work` signs in to this profile. */
  withSignInProgress<T>(title: string, profileId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  showDocument(name: string, text: string): Promise<void>;
  /** What is in the active editor; undefined without one. */
  editorText(): EditorText | undefined;
  /** Shows an image of text that the user has to type, where no prompt covers it. Returns a function that closes it. */
  showImage(image: TextImage): () => void;
}

export interface TextImage {
  readonly title: string;
  /** For screen readers: what the image is, since its text must not be readable by programs. */
  readonly alt: string;
  /** What to do, below the image. */
  readonly hint: string;
  readonly dataUri: string;
}

export interface EditorText {
  /** Undefined if nothing is selected. */
  readonly selection: string | undefined;
  /** The whole text. */
  readonly document: string;
}

export interface PickItem<T> {
  readonly value: T;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

export interface Clipboard {
  read(): Promise<string>;
  write(text: string): Promise<void>;
  /** Seconds until a copied token is cleared; 0 never clears it. */
  clearAfter(): number;
  /** Calls back once after `seconds`, unless the window closes first. */
  schedule(seconds: number, callback: () => Promise<void>): void;
}

export interface IssueReporter {
  /** Versions of the extension, the editor and the system. */
  environment(): Readonly<Record<string, string>>;
  /** The simple settings by name. */
  settings(): Readonly<Record<string, unknown>>;
  /** Opens VS Code's issue reporter with this text. Resolves false if there is none. */
  open(body: string): Promise<boolean>;
}

export interface SandboxControl {
  /** The sandbox of this window, if it is running. */
  running(): Promise<RunningSandbox | undefined>;
  /** Starts the sandbox. Resolves undefined if it cannot be started on this port, or not with this account. */
  start(options: SandboxStart): Promise<RunningSandbox | undefined>;
  stop(): Promise<void>;
}

export interface SandboxStart {
  /** 0: any free port. */
  readonly port: number;
  /** What is missing of it is random. */
  readonly account?: {
    readonly partnerCode?: string | undefined;
    readonly cipher?: CipherSettings | undefined;
    readonly credentials?: Readonly<Record<string, string>> | undefined;
  };
}

export interface RunningSandbox {
  readonly profile: Profile;
  readonly key: string;
  readonly iv: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}
