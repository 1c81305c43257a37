import { nodeUtil } from '../../profiles/index.ts';
import { environmentVariable } from '../terminal/environment.ts';
import { Given } from './given.ts';
import { credentialNames } from './partner-names.ts';
import { didYouMean } from './suggest.ts';
import type { Option, Verb } from './verb.ts';
import { commonOptions, verbs } from './verbs.ts';

export type Parsed =
  | { readonly kind: 'run'; readonly verb: Verb; readonly given: Given; readonly verbose: boolean }
  /** Of one verb, of the verbs that start with a word, or of all. */
  | { readonly kind: 'help'; readonly verbs: readonly Verb[] }
  | { readonly kind: 'version' }
  /** `verb` if it is known. */
  | { readonly kind: 'problem'; readonly problem: string; readonly verb?: Verb };

/**
 * Reads the arguments after the name of the program. A problem repeats no value, which may be a misplaced secret, only the
 * names of options and verbs.
 */
export function parse(args: readonly string[]): Parsed {
  const { words, index, options: leading } = leadingWords(args);
  const [first, second] = words;
  if (first === undefined) {
    if (leading.includes('--version')) return { kind: 'version' };
    const other = leading.find((option) => !isCommon(option));
    if (other !== undefined) return { kind: 'problem', problem: `${nameOf(other)} must follow a command.` };
    return { kind: 'help', verbs };
  }
  if (first === 'help') return helpOf(words.slice(1));
  const verb = verbs.find(({ name }) => name === `${first} ${second}`) ?? verbs.find(({ name }) => name === first);
  if (verb === undefined) return unknownVerb(first, second, args);
  const isLong = verb.name.includes(' ');
  const rest = [...leading, ...args.slice((isLong ? index[1] : index[0]) ?? 0)];
  try {
    return parseVerb(verb, rest);
  } catch (error) {
    if (!(error instanceof UsageProblem)) throw error;
    return { kind: 'problem', problem: error.message, verb };
  }
}

class UsageProblem extends Error {}

/** The first two words, where the arguments after each start, and the options before the first. */
function leadingWords(args: readonly string[]): {
  readonly words: readonly string[];
  readonly index: readonly number[];
  readonly options: readonly string[];
} {
  const start = args.findIndex((arg) => !arg.startsWith('-'));
  if (start < 0) return { words: [], index: [], options: args };
  const second = args[start + 1];
  const words = second === undefined || second.startsWith('-') ? [start] : [start, start + 1];
  return {
    words: words.map((at) => String(args[at])),
    index: words.map((at) => at + 1),
    options: args.slice(0, start),
  };
}

function isCommon(option: string): boolean {
  return commonOptions.some(({ name, short }) => option === `--${name}` || option === `-${short}`);
}

function helpOf(words: readonly string[]): Parsed {
  const [first, second] = words;
  if (first === undefined) return { kind: 'help', verbs };
  const found = verbs.filter(({ name }) => name === words.join(' ') || name === first || name.startsWith(`${first} `));
  return found.length > 0 ? { kind: 'help', verbs: found } : unknownVerb(first, second, []);
}

function unknownVerb(first: string, second: string | undefined, args: readonly string[]): Parsed {
  const group = verbs.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0) {
    if (second === undefined && args.some((option) => ['--help', '-h'].includes(option)))
      return { kind: 'help', verbs: group };
    const seconds = group.map(({ name }) => name.slice(first.length + 1));
    const hint = second === undefined ? '' : didYouMean(second, seconds, `${first} `);
    const problem = `${first} must be followed by ${list(seconds)}.${hint}`;
    return { kind: 'problem', problem };
  }
  const names = [...new Set(verbs.map(({ name }) => name.split(' ')[0] ?? ''))];
  // A longer word may be a misplaced secret.
  const shown = /^[a-z-]{1,20}$/.test(first) ? `${first} is not a command.` : 'Unknown command.';
  return { kind: 'problem', problem: `${shown}${didYouMean(first, names)}` };
}

function parseVerb(verb: Verb, args: readonly string[]): Parsed {
  const options = [...(verb.options ?? []), ...commonOptions];
  const { tokens } = nodeUtil().parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: Record<string, (string | true)[]> = {};
  const positionals: string[] = [];
  const terminator = tokens.find(({ kind }) => kind === 'option-terminator');
  const isCommand = (index: number): boolean => terminator !== undefined && index > terminator.index;
  const command: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional')
      (verb.command !== undefined && isCommand(token.index) ? command : positionals).push(token.value);
    if (token.kind !== 'option') continue;
    const option = options.find(({ name }) => name === token.name);
    if (option === undefined) throw unknownOption(verb, options, token.name, token.rawName);
    checkValue(option, token.rawName, token.value);
    (given[option.name] ??= []).push(token.value ?? true);
  }
  if (given.help !== undefined) return { kind: 'help', verbs: [verb] };
  const named = nameArguments(verb, positionals);
  if (verb.command !== undefined && command.length === 0)
    throw new UsageProblem(
      `The ${verb.command.toLowerCase()} is missing. Write it after --, such as -- curl --version.`,
    );
  return { kind: 'run', verb, given: new Given(named, given, command, args), verbose: given.verbose !== undefined };
}

function unknownOption(verb: Verb, options: readonly Option[], name: string, rawName: string): UsageProblem {
  const variable = environmentVariable(name);
  if (secretNames().includes(name))
    return new UsageProblem(`${rawName} is not accepted as an argument: set ${variable}, or omit it to be prompted.`);
  const own = options.map((option) => option.name);
  const hint = name.length > 1 ? didYouMean(name, own, '--') : '';
  const other = verbs.find((candidate) => candidate.options?.some((option) => option.name === name));
  const belongs = hint === '' && other !== undefined ? ` It is an option of ${other.name}.` : '';
  return new UsageProblem(`Unknown option ${nameOf(rawName)} of ${verb.name}.${hint}${belongs}`);
}

/** Refused as arguments, because any process on the machine can read a command line. */
function secretNames(): readonly string[] {
  return [
    'key',
    'otp',
    'token',
    'refresh-token',
    'store-key',
    ...credentialNames.map((name) => name.replaceAll('_', '-')),
  ];
}

function checkValue({ value, choices, range }: Option, rawName: string, given: string | undefined): void {
  if (value === undefined) {
    if (given !== undefined) throw new UsageProblem(`${rawName} takes no value.`);
    return;
  }
  if (given === undefined || given === '' || /^--[a-z]/.test(given))
    throw new UsageProblem(`${rawName} requires a value.`);
  if (choices !== undefined && !choices.includes(given))
    throw new UsageProblem(`${rawName} must be one of ${choices.join(', ')}.`);
  if (range === undefined) return;
  const [min, max] = range;
  const isWhole = Number.isInteger(min);
  const isNumber = isWhole ? /^\d{1,9}$/.test(given) : /^\d{1,9}(?:\.\d{1,6})?$/.test(given);
  if (!isNumber || Number(given) < min || Number(given) > max)
    throw new UsageProblem(`${rawName} must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`);
}

/** Assigns the positional arguments. An optional one is the one that is left out if there are too few. */
function nameArguments(verb: Verb, positionals: readonly string[]): Record<string, string> {
  const all = verb.arguments ?? [];
  const missing = all.length - positionals.length;
  if (missing < 0) {
    if (verb.command !== undefined)
      throw new UsageProblem(
        `Write -- before the ${verb.command.toLowerCase()}, so that its options are not taken for those of ${verb.name}.`,
      );
    const accepted =
      all.length === 0
        ? 'no arguments'
        : all.length === 1
          ? `only ${all[0]?.name}`
          : `only ${all.map(({ name }) => name).join(' ')}`;
    throw new UsageProblem(`Too many arguments: ${verb.name} takes ${accepted}. Quote a value that has spaces.`);
  }
  const expected = missing > 0 ? all.filter(({ optional }) => optional !== true) : all;
  const absent = expected[positionals.length];
  if (absent !== undefined) throw new UsageProblem(`${absent.name} is missing.`);
  const named: Record<string, string> = {};
  for (const [index, value] of positionals.entries()) {
    const argument = expected[index];
    if (argument === undefined) continue;
    const { name, choices } = argument;
    if (choices !== undefined && !choices.includes(value)) {
      const next = positionals[index + 1];
      // The optional argument before it was given, and the last one was not.
      if (next !== undefined && choices.includes(next))
        throw new UsageProblem(`${all[positionals.length]?.name} is missing.`);
      const hint = didYouMean(value, choices);
      throw new UsageProblem(`${name} must be one of ${choices.join(', ')}.${hint}`);
    }
    if (value === '') throw new UsageProblem(`${name} is empty.`);
    named[name] = value;
  }
  return named;
}

/** The option without its value. */
function nameOf(option: string): string {
  return option.replace(/=.*/s, '').slice(0, 40);
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
