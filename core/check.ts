import * as v from 'valibot';
import { configurationError } from './errors.ts';
import { plainLine } from './log.ts';

/** Where a value failed its schema and why, as `login.path` and a sentence without the value itself. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The first problem of `input` against `schema`, or undefined. */
export function firstProblem(schema: v.GenericSchema, input: unknown): Problem | undefined {
  const result = v.safeParse(schema, input, { abortEarly: true });
  const issue = result.issues?.[0];
  if (issue === undefined) return undefined;
  const path = v.getDotPath(issue) ?? '';
  return { path, message: sentence(issue) };
}

// valibot's own messages quote the received value, which may be a secret.
function sentence(issue: v.BaseIssue<unknown>): string {
  if (issue.kind !== 'schema') return issue.message;
  const received = issue.received.startsWith('"') ? 'another text' : issue.received;
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'is not a known field';
  if (issue.received === 'undefined') return `is missing (expected ${issue.expected ?? 'a value'})`;
  return `must be ${issue.expected ?? 'something else'}, not ${received}`;
}

/** @throws PartnerAuthError `configuration` naming the path below `what`. */
export function checkConfiguration(what: string, schema: v.GenericSchema, input: unknown): void {
  const problem = firstProblem(schema, input);
  if (problem === undefined) return;
  // A field that is not known has whatever name it has.
  const setting = problem.path === '' ? what : `${what}.${plainLine(problem.path)}`;
  throw configurationError(setting, `${setting} ${problem.message}.`);
}

/** An independent plain copy, so that getters, later changes and cycles of the original can do no harm. */
export function plainCopy(what: string, input: unknown, limit: number): unknown {
  let text: unknown;
  try {
    text = JSON.stringify(input);
  } catch {
    throw configurationError(
      what,
      `${what} must be plain JSON: it refers to itself or holds a value that JSON has not.`,
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
