import { partners } from '../../index.ts';
import { openFileProfiles } from '../../profiles/files/index.ts';
import { editorOfTerminal } from '../profiles.ts';
import type { Completion, Option, Verb } from './verb.ts';
import { commonOptions, verbs } from './verbs.ts';

/** One candidate: what would be inserted, and its description. */
type Candidate = readonly [value: string, text: string];

/** Prints the candidates for the last of the words, for the completion scripts. Never fails. */
export async function complete(words: readonly string[]): Promise<number> {
  const candidates = await candidatesFor(words).catch(() => []);
  process.stdout.write(candidates.map((candidate) => `${candidate.join('\t')}\n`).join(''));
  return 0;
}

export async function candidatesFor(words: readonly string[]): Promise<readonly Candidate[]> {
  // PowerShell cannot pass an empty word.
  const current = (words.at(-1) ?? '').replace(/^""$/, '');
  const before = words.slice(0, -1);
  const found = await allCandidates(before, current);
  return found.filter(([value]) => value.startsWith(current));
}

async function allCandidates(before: readonly string[], current: string): Promise<readonly Candidate[]> {
  const start = before.findIndex((word) => !word.startsWith('-'));
  const [first, second] = start < 0 ? [] : before.slice(start);
  const verb = verbs.find(({ name }) => name === `${first} ${second}`) ?? verbs.find(({ name }) => name === first);
  if (verb !== undefined) return ofVerb(verb, before.slice(start + verb.name.split(' ').length), current);
  if (first === undefined) {
    if (current.startsWith('-')) return [...commonOptions.map(optionCandidate), ['--version', 'print the version']];
    return firstWords();
  }
  return verbs
    .filter(({ name }) => second === undefined && name.startsWith(`${first} `))
    .map(({ name, text }) => [name.slice(first.length + 1), text]);
}

function firstWords(): Candidate[] {
  const words = new Map<string, string>();
  for (const { name, text } of verbs) {
    const [first = '', second] = name.split(' ');
    const others = verbs
      .filter((other) => other.name.startsWith(`${first} `))
      .map((other) => other.name.slice(first.length + 1));
    words.set(first, second === undefined ? text : others.join(', '));
  }
  return [...words];
}

async function ofVerb(verb: Verb, before: readonly string[], current: string): Promise<readonly Candidate[]> {
  const { options = [], arguments: args = [] } = verb;
  const all = [...options, ...commonOptions];
  const isOf = (word: string | undefined, { name, short }: Option): boolean =>
    word === `--${name}` || word === `-${short}`;
  const pending = all.find((option) => option.value !== undefined && isOf(before.at(-1), option));
  if (pending !== undefined) return values(pending.choices, pending.completes);
  if (before.includes('--')) return [];
  if (current.startsWith('-')) {
    const isUsed = (option: Option): boolean => option.repeats !== true && before.some((word) => isOf(word, option));
    return all.filter((option) => !isUsed(option)).map(optionCandidate);
  }
  const isValue = (index: number): boolean =>
    all.some((option) => option.value !== undefined && isOf(before[index - 1], option));
  const given = before.filter((word, index) => !word.startsWith('-') && !isValue(index)).length;
  const [here, next] = args.slice(given);
  const isOptional = here?.optional === true && given === 0;
  return [
    ...(await values(here?.choices, here?.completes)),
    ...(isOptional ? await values(next?.choices, next?.completes) : []),
  ];
}

function optionCandidate({ name, text }: Option): Candidate {
  return [`--${name}`, text];
}

async function values(choices: readonly string[] | undefined, completes: Completion | undefined): Promise<Candidate[]> {
  if (choices !== undefined) return choices.map((choice) => [choice, '']);
  if (completes === undefined || completes === 'file') return [];
  const { profiles, ids, partners: added } = await openFileProfiles().list();
  if (completes === 'partner') return Object.values({ ...partners, ...added }).map(candidateOf);
  const offered = completes === 'usable' ? ((await editorOfTerminal())?.profiles ?? []) : [];
  return [...profiles, ...offered.filter(({ id }) => !ids.includes(id))].map(candidateOf);
}

function candidateOf({ id, label }: { readonly id: string; readonly label: string }): Candidate {
  return [id, label];
}
