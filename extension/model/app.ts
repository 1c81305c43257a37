import type { Logger } from '../../core/index.ts';
import type { CheckedProfile, KnownPartners, Profile, SessionPool, StoredProfiles } from '../../core/profiles/index.ts';
import type { Notification } from './messages.ts';
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
  readonly sessions: SessionPool;
  readonly profiles: Profiles;
  readonly stored: StoredProfiles;
  readonly ui: Ui;
  readonly clipboard: Clipboard;
  readonly sandbox: SandboxControl;
}

export interface Profiles {
  list(): readonly CheckedProfile[];
  /** The built-in partners and those of the user's settings, by id. */
  partners(): KnownPartners;
  active(): CheckedProfile | undefined;
  /** Makes a profile the active one in this workspace. */
  activate(id: string): Promise<void>;
  /** Adds a profile to the user's settings, or replaces the one with the same id. */
  save(profile: Profile): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface Ui {
  readonly showStep: ShowStep;
  /** Shows a list. Resolves the value of the selected item, or undefined if the user cancelled. */
  pick<T>(placeholder: string, items: readonly PickItem<T>[]): Promise<T | undefined>;
  /** Shows a message with buttons. Resolves the title of the selected button, or undefined if it was dismissed. */
  ask(message: string, ...buttons: string[]): Promise<string | undefined>;
  /** Shows a notification, and runs the selected action for this profile or else for the active one. */
  notify(notification: Notification, severity: 'info' | 'warning' | 'error', profileId?: string): Promise<void>;
  /** Shows a short-lived message in the status bar. */
  showStatusMessage(message: string): void;
  /** Shows cancellable progress while `work` runs. */
  withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  showDocument(name: string, text: string): Promise<void>;
  /** The selection in the active editor, or its whole text if nothing is selected; undefined without an active editor. */
  selectedText(): string | undefined;
  /** Shows an image from a partner in a view that runs no scripts. Returns a function that closes it. */
  showImage(title: string, dataUri: string): () => void;
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

export interface SandboxControl {
  /** Starts the sandbox, or returns the one that is running. */
  start(): Promise<RunningSandbox>;
  stop(): Promise<void>;
}

export interface RunningSandbox {
  readonly profile: Profile;
  readonly key: string;
  readonly iv: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}
