import type { Logger } from '../../core/index.ts';
import type { CheckedProfile, KnownPartners, Profile, SessionPool } from '../../core/profiles/index.ts';
import type { Explanation } from './messages.ts';
import type { Translate } from './translate.ts';
import type { ShowStep } from './wizard.ts';

/** VS Code's own, without importing it. */
export interface Disposable {
  dispose(): void;
}

/** All that a command needs of its surroundings. */
export interface App {
  readonly t: Translate;
  readonly log: Logger;
  readonly now: () => number;
  readonly sessions: SessionPool;
  readonly profiles: Profiles;
  readonly ui: Ui;
  readonly clipboard: Clipboard;
  readonly sandbox: SandboxControl;
}

export interface Profiles {
  list(): readonly CheckedProfile[];
  /** The built-in partners and those of the user's settings, by id. */
  partners(): KnownPartners;
  active(): CheckedProfile | undefined;
  /** Remembered for this workspace. */
  activate(id: string): Promise<void>;
  /** Adds a profile to the user's settings, or replaces the one with the same id. */
  save(profile: Profile): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface Ui {
  readonly showStep: ShowStep;
  /** One choice of a list; undefined when the user gave up. */
  pick<T>(placeholder: string, items: readonly PickItem<T>[]): Promise<T | undefined>;
  /** A question with buttons; the title of the one that was pressed. */
  ask(message: string, ...buttons: string[]): Promise<string | undefined>;
  /** A message with buttons that do something about it: for this profile, else for the active one. */
  explain(explanation: Explanation, severity: 'info' | 'warning' | 'error', profileId?: string): Promise<void>;
  /** A passing word in the status bar. */
  brief(message: string): void;
  /** Shows that something is going on, with a way to cancel it. */
  progress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  showDocument(name: string, text: string): Promise<void>;
  /** What is selected in the active editor, or all of it; undefined without one. */
  selectedText(): string | undefined;
  /** A picture from a partner, in a view that runs nothing. Returns what closes it. */
  showPicture(title: string, dataUri: string): () => void;
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
  /** Seconds until a copied token is cleared again; 0 leaves it. */
  clearAfter(): number;
  /** Calls back once after `seconds`, while the window lives. */
  later(seconds: number, callback: () => Promise<void>): void;
}

export interface SandboxControl {
  /** Starts the sandbox, or returns the one that runs. */
  start(): Promise<RunningSandbox>;
  stop(): Promise<void>;
}

export interface RunningSandbox {
  readonly profile: Profile;
  readonly key: string;
  readonly iv: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}
