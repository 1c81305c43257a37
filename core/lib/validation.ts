import * as v from 'valibot';
import { closest, didYouMean } from './did-you-mean.ts';
import { configurationError } from './errors.ts';
import { plainLine } from './plain-line.ts';
import { knownFields } from './schema-fields.ts';

/** Where a value fails its schema, as a path such as `login.path`, and why. The message does not contain the value. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What is wrong with a value, for those who have words of their own for it. */
export type SchemaProblem = Problem &
  (
    | { readonly kind: 'renamed'; readonly newName: string }
    /** `suggestion`: the known name that is most like that of the field. */
    | { readonly kind: 'unknown'; readonly suggestion: string | undefined }
    | { readonly kind: 'missing' }
    /** `rule`: the message of the schema, which may quote the value. `suggestion`: the known value that is most like it. */
    | { readonly kind: 'invalid'; readonly rule: string; readonly suggestion: string | undefined }
  );

/**
 * The first problem of `input` against `schema`, or undefined. A field under its former name or with a misspelled one takes
 * precedence over one that is missing, which it explains.
 */
export function firstProblem(schema: v.GenericSchema, input: unknown): SchemaProblem | undefined {
  const [first] = flatten(v.safeParse(schema, input, { abortEarly: true }).issues ?? []);
  if (first === undefined) return undefined;
  const problem = problemOf(schema, first);
  const problems = flatten(v.safeParse(schema, input).issues ?? []).map((found) => problemOf(schema, found));
  const renamed = problems.find(({ kind }) => kind === 'renamed');
  const misspelled = problems.find((each) => each.kind === 'unknown' && each.suggestion !== undefined);
  return renamed ?? (problem.kind === 'missing' ? misspelled : undefined) ?? problem;
}

interface FoundIssue {
  readonly issue: v.BaseIssue<unknown>;
  /** From the top, also of an issue inside a union. */
  readonly path: readonly v.IssuePathItem[];
}

/** A value of a union is reported by what is wrong inside it, if it is of the right type. */
function flatten(issues: readonly v.BaseIssue<unknown>[], before: readonly v.IssuePathItem[] = []): FoundIssue[] {
  return issues.flatMap((issue) => {
    const path = [...before, ...(issue.path ?? [])];
    const inner = issue.type === 'union' ? (issue.issues ?? []).filter((each) => each.path !== undefined) : [];
    return inner.length > 0 ? flatten(inner, path) : [{ issue, path }];
  });
}

function problemOf(schema: v.GenericSchema, { issue, path: items }: FoundIssue): SchemaProblem {
  const path = pathOf(items);
  // valibot takes a list as an object with the fields "0", "1" and so on.
  if (
    issue.kind === 'schema' &&
    issue.received === 'undefined' &&
    items.length > 1 &&
    Array.isArray(items.at(-1)?.input)
  ) {
    const rule = 'must be an object, not a list';
    return { kind: 'invalid', path: pathOf(items.slice(0, -1)), suggestion: undefined, rule, message: rule };
  }
  if (issue.kind === 'schema' && issue.type === 'strict_object' && issue.expected === 'never') {
    const newName = newNameOf(path);
    if (newName !== undefined) return { kind: 'renamed', path, newName, message: `was renamed to "${newName}"` };
    const known = knownFields(schema, items);
    const suggestion = closest(String(items.at(-1)?.key), known);
    const hint = suggestion === undefined ? `. Known: ${known.join(', ')}` : `. Did you mean "${suggestion}"?`;
    return { kind: 'unknown', path, suggestion, message: `is not a known field${hint}` };
  }
  if (issue.kind === 'schema' && issue.received === 'undefined')
    return { kind: 'missing', path, message: 'is missing' };
  const suggestion =
    issue.kind === 'schema' && typeof issue.input === 'string' ? closestValue(issue.input, wordsIn(issue)) : undefined;
  const hint = suggestion === undefined ? '' : `. Did you mean "${suggestion}"?`;
  return { kind: 'invalid', path, suggestion, rule: issue.message, message: `${describeIssue(issue)}${hint}` };
}

function pathOf(items: readonly v.IssuePathItem[]): string {
  return items.map(({ key }) => String(key)).join('.');
}

/** The value that `given` is probably another spelling of, such as "sec" of "seconds" or "application/json" of "json". */
function closestValue(given: string, values: readonly string[]): string | undefined {
  const lower = given.toLowerCase();
  const related = values.filter(
    (value) => (value.length > 3 && lower.includes(value)) || (given.length > 2 && value.startsWith(lower)),
  );
  return closest(given, values) ?? (related.length === 1 ? related[0] : undefined);
}

/** The strings that a schema accepts. */
function wordsIn({ expected }: v.BaseIssue<unknown>): readonly string[] {
  return [...(expected ?? '').matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
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
  const newName = renamed.get(issue.received.slice(1, -1));
  if (newName !== undefined) return `must be "${newName}", which replaces the name used here`;
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
  const [text = '', hint = '.'] = problem.message.split(/(?=\. Did you mean |\. Known: )/);
  const isShape = problem.kind === 'missing' || /^must be\b.*\b(?:object|list)\b/.test(text);
  const example = isShape ? exampleOf(problem.path) : undefined;
  const advice = example === undefined ? '' : `, such as ${example}`;
  const end = /[.?]$/.test(hint) ? '' : '.';
  throw configurationError(setting, `${setting} ${text}${advice}${hint}${end}`);
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
