import * as v from 'valibot';
import { didYouMean } from './did-you-mean.ts';
import { configurationError } from './errors.ts';
import { plainLine } from './plain-line.ts';

/** Where a value fails its schema, as a path such as `login.path`, and why. The message does not contain the value. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The first problem of `input` against `schema`, or undefined. */
export function firstProblem(schema: v.GenericSchema, input: unknown): Problem | undefined {
  const issue = firstIssue(schema, input);
  return issue && problemOf(issue);
}

/** A value of a union is reported by what is wrong inside it, if it is of the right type. */
function problemOf(issue: v.BaseIssue<unknown>): Problem {
  const path = v.getDotPath(issue) ?? '';
  const inner = issue.type === 'union' ? issue.issues?.find((each) => v.getDotPath(each) !== null) : undefined;
  if (inner === undefined) return { path, message: describeIssue(issue) };
  const problem = problemOf(inner);
  return { path: [path, problem.path].filter((part) => part !== '').join('.'), message: problem.message };
}

/** The issue to report. A field under its former name takes precedence: it explains why the new one is missing. */
export function firstIssue(schema: v.GenericSchema, input: unknown): v.BaseIssue<unknown> | undefined {
  const first = v.safeParse(schema, input, { abortEarly: true }).issues?.[0];
  if (first === undefined) return undefined;
  return v.safeParse(schema, input).issues?.find((issue) => newNameOfField(issue) !== undefined) ?? first;
}

/** The new name of the renamed field that the issue is about; undefined for any other issue. */
export function newNameOfField(issue: v.BaseIssue<unknown>): string | undefined {
  if (issue.type !== 'strict_object' || issue.expected !== 'never') return undefined;
  return newNameOf(v.getDotPath(issue) ?? '');
}

/** The new name of the last field of a path; undefined if it was not renamed. */
export function newNameOf(path: string): string | undefined {
  return renamed.get(path.slice(path.lastIndexOf('.') + 1));
}

/** Field names and values of older versions, with what replaces them. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['answer', 'response'],
  ['answerField', 'textField'],
  ['prefix', 'ciphertextPrefix'],
  ['invalidAnswer', 'invalidResponse'],
  ['answerTooLarge', 'responseTooLarge'],
]);

// valibot's own messages quote the received value, which may be a secret.
function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== 'schema') return issue.message;
  const received = issue.received.startsWith('"') ? 'another string' : issue.received;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const newName = newNameOfField(issue);
    return newName === undefined ? 'is not a known field' : `was renamed to "${newName}"`;
  }
  const newName = renamed.get(issue.received.slice(1, -1));
  if (newName !== undefined) return `must be "${newName}", which replaces the name used here`;
  if (issue.received === 'undefined') return `is missing (expected ${issue.expected ?? 'a value'})`;
  const isField = v.getDotPath(issue) !== null;
  const kind = isField ? kinds.find(({ pattern }) => pattern.test(issue.expected ?? '')) : undefined;
  const [, word] = /^\((".+") \| Object\)$/.exec(issue.expected ?? '') ?? [];
  const name = word === undefined ? kind?.name : `an object or ${word}`;
  if (isField && name !== undefined) return `must be ${name}, not ${kindOf(issue.input)}`;
  return `must be ${issue.expected ?? 'something else'}, not ${received}`;
}

/** The names of what a schema expects, in words. */
const kinds = [
  { pattern: /^Object$/, name: 'an object' },
  { pattern: /^Array$/, name: 'a list' },
];

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * @param exampleOf what belongs at a path that requires an object or a list.
 * @throws PartnerAuthError `configuration`; `setting` is the path below `what`.
 */
export function checkConfiguration(
  what: string,
  schema: v.GenericSchema,
  input: unknown,
  exampleOf: (path: string) => string | undefined = () => undefined,
): void {
  const problem = firstProblem(schema, input);
  if (problem === undefined) return;
  // The path may contain the name of an unknown field, which can be any string.
  const setting = problem.path === '' ? what : `${what}.${plainLine(problem.path)}`;
  const example = /^(?:must be|is missing)\b.*\b(?:object|list)\b/.test(problem.message)
    ? exampleOf(problem.path)
    : undefined;
  const advice = example === undefined ? '' : `, such as ${example}`;
  throw configurationError(setting, `${setting} ${problem.message}${advice}.`);
}

/** @throws TypeError for an unknown setting: a misspelled option must not be ignored silently. */
export function assertKnownKeys(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || (given as unknown) === null) throw new TypeError(`${what} must be an object.`);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const newName = renamed.get(key);
    const isRenamed = newName !== undefined && known.includes(newName);
    const hint = isRenamed
      ? ` It was renamed to "${newName}".`
      : `${didYouMean(key, known)} Known: ${known.join(', ')}.`;
    throw new TypeError(`Unknown ${what} setting "${plainLine(key, 80)}".${hint}`);
  }
}

/**
 * An independent copy of plain JSON, unaffected by getters and later changes of the original.
 *
 * @throws PartnerAuthError `configuration` if `input` is not JSON or is longer than `limit` characters.
 */
export function cloneAsJson(what: string, input: unknown, limit: number): unknown {
  let text: unknown;
  try {
    text = JSON.stringify(input);
  } catch {
    throw configurationError(
      what,
      `${what} must be plain JSON, but it has a circular reference or a value that JSON cannot represent.`,
    );
  }
  if (typeof text !== 'string') throw configurationError(what, `${what} must be a JSON object.`);
  if (text.length > limit) {
    throw configurationError(what, `${what} is larger than ${limit / 1024} KiB. Check that it is the intended object.`);
  }
  return JSON.parse(text);
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
