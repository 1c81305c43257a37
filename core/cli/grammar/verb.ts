import type { Given } from './given.ts';

/** What an option or argument may be completed with, besides its choices: `usable` are profiles, those of VS Code too. */
export type Completion = 'file' | 'profile' | 'usable' | 'partner';

export interface Option {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** The placeholder of its value in the help; absent for a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** The value must be a number in this range. */
  readonly range?: readonly [min: number, max: number];
  /** May be given several times. Otherwise the last one counts. */
  readonly repeats?: true;
  readonly completes?: Completion;
  readonly text: string;
}

export interface Argument {
  /** As in the help, in capitals. */
  readonly name: string;
  readonly optional?: true;
  readonly choices?: readonly string[];
  readonly completes?: Completion;
}

/** One verb of the command line. Parsing, help, completion and the table of the README are derived from it. */
export interface Verb {
  /** One word or two, such as `profile add`. */
  readonly name: string;
  readonly group: 'Profiles' | 'Session' | 'Calls' | 'Tools';
  /** What it does, as one line. */
  readonly text: string;
  readonly arguments?: readonly Argument[];
  /** The name of the command after `--`, if the verb takes one. */
  readonly command?: string;
  readonly options?: readonly Option[];
  /** What a reader of the help should know in addition. */
  readonly notes?: string;
  /** Without the name of the program. */
  readonly examples: readonly string[];
}

/**
 * Runs a verb. Resolves with the exit code, 0 if undefined.
 *
 * @param signal fires when the user interrupts the program.
 */
export type RunVerb = (given: Given, signal: AbortSignal) => Promise<number | undefined>;
