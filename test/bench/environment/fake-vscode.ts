/** As much of VS Code's API as the extension needs to start, with nothing behind it. For counting, not for testing. */
import { EventEmitter as Emitter } from 'node:events';

export interface FakeHost {
  /** The user's settings below `partnerAuth`. */
  settings: Readonly<Record<string, unknown>>;
  /** What the extension registered as its authentication provider. */
  provider?: {
    getSessions(scopes: readonly string[], options: object): Promise<readonly { readonly accessToken: string }[]>;
  };
}

export const fakeHost: FakeHost = { settings: {} };

interface Disposable {
  dispose(): void;
}

const nothing = (): Disposable => ({ dispose: () => undefined });
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing, show: nothing, ...nothing() };

export class EventEmitter<T> {
  readonly #emitter = new Emitter();
  readonly event = (listener: (value: T) => void): Disposable => {
    this.#emitter.on('event', listener);
    return { dispose: () => this.#emitter.off('event', listener) };
  };
  fire(value: T): void {
    this.#emitter.emit('event', value);
  }
  dispose(): void {
    this.#emitter.removeAllListeners();
  }
}

export class MarkdownString {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

export class ThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export const StatusBarAlignment = { Left: 1, Right: 2 };
export const ConfigurationTarget = { Global: 1 };
export const ProgressLocation = { Notification: 15 };
export const ViewColumn = { Active: -1 };
export const QuickInputButtons = { Back: {} };
export const Uri = { from: (parts: object) => parts, parse: (text: string) => ({ path: text }) };

export const l10n = {
  t: (text: string, ...given: unknown[]) => text.replace(/\{(\d+)\}/g, (_, index) => String(given[Number(index)])),
};
export const env = { language: 'en', clipboard: { readText: () => '', writeText: nothing } };
export const commands = { registerCommand: nothing, executeCommand: () => Promise.resolve() };
export const authentication = {
  registerAuthenticationProvider(_id: string, _label: string, provider: NonNullable<FakeHost['provider']>) {
    fakeHost.provider = provider;
    return nothing();
  },
};
export const window = {
  createOutputChannel: () => silent,
  createStatusBarItem: () => ({ show: nothing, hide: nothing, ...nothing() }),
  onDidChangeWindowState: nothing,
  showWarningMessage: () => Promise.resolve(undefined),
  state: { focused: true },
};
export const workspace = {
  getConfiguration: () => ({
    get: (name: string) => fakeHost.settings[name],
    inspect: (name: string) => ({ globalValue: fakeHost.settings[name] }),
    update: () => Promise.resolve(),
  }),
  onDidChangeConfiguration: nothing,
  onDidCloseTextDocument: nothing,
  registerTextDocumentContentProvider: nothing,
};
