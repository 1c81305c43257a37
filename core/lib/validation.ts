import * as v from 'valibot';
import { configurationError } from './errors.ts';
import { plainLine } from './plain-line.ts';

/** Where a value failed its schema and why, as `login.path` and a sentence that does not contain the value. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The first problem of `input` against `schema`, or undefined. */
export function firstProblem(schema: v.GenericSchema, input: unknown): Problem | undefined {
  const issue = firstIssue(schema, input);
  if (issue === undefined) return undefined;
  const path = v.getDotPath(issue) ?? '';
  return { path, message: sentence(issue) };
}

/** The issue to report: a field under its former name explains the one that is missing under its new name. */
export function firstIssue(schema: v.GenericSchema, input: unknown): v.BaseIssue<unknown> | undefined {
  const first = v.safeParse(schema, input, { abortEarly: true }).issues?.[0];
  if (first === undefined) return undefined;
  return v.safeParse(schema, input).issues?.find((issue) => newNameOfField(issue) !== undefined) ?? first;
}

/** What the unknown field that the issue is about is called now; undefined for any other issue. */
export function newNameOfField(issue: v.BaseIssue<unknown>): string | undefined {
  if (issue.type !== 'strict_object' || issue.expected !== 'never') return undefined;
  return newNameOf(v.getDotPath(issue) ?? '');
}

/** What the last field of a path is called now, if it has a former name. */
export function newNameOf(path: string): string | undefined {
  return renamed.get(path.slice(path.lastIndexOf('.') + 1));
}

/** Field names and values of older versions, to say what replaces them. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['answer', 'response'],
  ['answerField', 'textField'],
  ['prefix', 'ciphertextPrefix'],
  ['invalidAnswer', 'invalidResponse'],
  ['answerTooLarge', 'responseTooLarge'],
]);

// valibot's own messages quote the received value, which may be a secret.
function sentence(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== 'schema') return issue.message;
  const received = issue.received.startsWith('"') ? 'another string' : issue.received;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const now = newNameOfField(issue);
    return now === undefined ? 'is not a known field' : `was renamed to "${now}"`;
  }
  const now = renamed.get(issue.received.slice(1, -1));
  if (now !== undefined) return `must be "${now}" (its former name was given)`;
  if (issue.received === 'undefined') return `is missing (expected ${issue.expected ?? 'a value'})`;
  return `must be ${issue.expected ?? 'something else'}, not ${received}`;
}

/** @throws PartnerAuthError `configuration` naming the path below `what`. */
export function checkConfiguration(what: string, schema: v.GenericSchema, input: unknown): void {
  const problem = firstProblem(schema, input);
  if (problem === undefined) return;
  // The name of an unknown field can be anything.
  const setting = problem.path === '' ? what : `${what}.${plainLine(problem.path)}`;
  throw configurationError(setting, `${setting} ${problem.message}.`);
}

/** @throws TypeError for a misspelled option: a setting that is silently ignored is found only when it hurts. */
export function refuseUnknownKeys(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || (given as unknown) === null) throw new TypeError(`${what} must be an object.`);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const now = renamed.get(key);
    const hint =
      now !== undefined && known.includes(now) ? `It was renamed to "${now}".` : `Known: ${known.join(', ')}.`;
    throw new TypeError(`Unknown ${what} setting "${plainLine(key, 80)}". ${hint}`);
  }
}

/** An independent plain copy, so that getters, later changes and cycles of the original can do no harm. */
export function plainCopy(what: string, input: unknown, limit: number): unknown {
  let text: unknown;
  try {
    text = JSON.stringify(input);
  } catch {
    throw configurationError(
      what,
      `${what} must be plain JSON: it refers to itself or has a value that JSON cannot represent.`,
    );
  }
  if (typeof text !== 'string') throw configurationError(what, `${what} must be a JSON object.`);
  if (text.length > limit) {
    throw configurationError(
      what,
      `${what} is larger than ${limit / 1024} KiB. Check that it is what you meant to pass.`,
    );
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
