/** A stub of the part of VS Code's API that the extension needs to start. It is for measuring, not for testing. */
import { EventEmitter as Emitter } from 'node:events';

export interface FakeHost {
  /** The user's settings under `partnerAuth`. */
  settings: Readonly<Record<string, unknown>>;
  /** The authentication provider that the extension registered. */
  provider?: {
    getSessions(scopes: readonly string[], options: object): Promise<readonly { readonly accessToken: string }[]>;
  };
}

export const fakeHost: FakeHost = { settings: {} };

interface Disposable {
  dispose(): void;
}

const disposable = (): Disposable => ({ dispose: () => undefined });
const noop = (): void => undefined;
const outputChannel = { debug: noop, info: noop, warn: noop, error: noop, show: noop, ...disposable() };

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
  t: (text: string, ...args: unknown[]) => text.replace(/\{(\d+)\}/g, (_, index) => String(args[Number(index)])),
};
export const ExtensionKind = { UI: 1, Workspace: 2 };
export const UIKind = { Desktop: 1, Web: 2 };
export const version = '1.105.0';
export const InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 };
export class ThemeIcon extends ThemeColor {}
export const env = {
  language: 'en',
  uiKind: UIKind.Desktop,
  appName: 'Code',
  clipboard: { readText: () => '', writeText: noop },
};
export const commands = { registerCommand: disposable, executeCommand: () => Promise.resolve() };
export const authentication = {
  registerAuthenticationProvider(_id: string, _label: string, provider: NonNullable<FakeHost['provider']>) {
    fakeHost.provider = provider;
    return disposable();
  },
};
export const window = {
  createOutputChannel: () => outputChannel,
  createStatusBarItem: () => ({ show: noop, hide: noop, ...disposable() }),
  onDidChangeWindowState: disposable,
  onDidChangeActiveTextEditor: disposable,
  showInformationMessage: () => Promise.resolve(undefined),
  showWarningMessage: () => Promise.resolve(undefined),
  state: { focused: true },
};
export const workspace = {
  getConfiguration: () => ({
    get: (name: string) => fakeHost.settings[name],
    inspect: (name: string) => ({ globalValue: fakeHost.settings[name] }),
    update: () => Promise.resolve(),
  }),
  isTrusted: true,
  getWorkspaceFolder: noop,
  onDidChangeConfiguration: disposable,
  onDidChangeWorkspaceFolders: disposable,
  onDidGrantWorkspaceTrust: disposable,
  onDidCloseTextDocument: disposable,
  registerTextDocumentContentProvider: disposable,
};
