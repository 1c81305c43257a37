/** What the user has given for a verb, checked against its table. */
export class Given {
  readonly #arguments: Readonly<Record<string, string>>;
  readonly #options: Readonly<Record<string, readonly (string | true)[]>>;
  /** The command after `--`. */
  readonly command: readonly string[];
  /** The arguments as they were given, for a verb in which their order matters. */
  readonly raw: readonly string[];
  /** The id of the profile that the verb turned out to be about, for messages. */
  profile: string | undefined;
  /** Whether that is a profile of VS Code. */
  isOfEditor = false;

  constructor(
    positionals: Readonly<Record<string, string>>,
    options: Readonly<Record<string, readonly (string | true)[]>>,
    command: readonly string[],
    raw: readonly string[],
  ) {
    this.#arguments = positionals;
    this.#options = options;
    this.command = command;
    this.raw = raw;
    this.profile = positionals.NAME;
  }

  /** The value of an argument, by its name in capitals. */
  argument(name: string): string | undefined {
    return this.#arguments[name];
  }

  /** An argument that the table requires. */
  required(name: string): string {
    return this.#arguments[name] ?? '';
  }

  has(option: string): boolean {
    return this.#options[option] !== undefined;
  }

  /** The value of an option; the last one, if it was given several times. */
  text(option: string): string | undefined {
    return this.list(option).at(-1);
  }

  number(option: string): number | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : Number(text);
  }

  list(option: string): readonly string[] {
    return (this.#options[option] ?? []).map(String);
  }
}
