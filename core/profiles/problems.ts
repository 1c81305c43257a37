import type * as v from 'valibot';
import { firstProblem } from '../lib/validation.ts';

/** The problems of a profile or a partner definition, as messages for users. `{0}` is a placeholder for a value. */
export const problems = {
  list: 'must be a list',
  object: 'must be an object',
  missing: 'is missing',
  invalid: 'is missing or wrong',
  unknown: 'is not a known field',
  misspelled: 'is not a known field; did you mean "{0}"?',
  misspelledValue: 'is not a known value; did you mean "{0}"?',
  renamed: 'was renamed to "{0}"',
  duplicateProfile: 'is used by another profile',
  duplicatePartner: 'is used by another partner',
  oneOf: 'must be one of {0}',
  id: 'must be 1 to 64 letters, digits, ".", "_" or "-"',
  label: 'must be 1 to 80 printable characters',
  address:
    'must be an https address without user, query or fragment (http only on this machine, or with allowHttp in a private network)',
  partnerCode: 'must be printable ASCII without spaces around it',
  partnerCodeMissing: 'is missing: the partner gives it to you',
  clientId: 'must be 1 to 1,024 printable characters',
  clientMissing: 'is missing: the partner requires the id of an OAuth 2.0 client',
  clientUnused: 'has no effect: the partner definition has no client',
  extraField: 'is set by the partner definition, or has a value that cannot be sent',
  plainOnly: 'is only for partners that take plain payloads',
  fieldPath: 'must name fields by paths such as "data.token"',
  pemFile: 'must be the path of a PEM file',
  file: 'must be the path of a file',
  clientCertificate: 'must have certFile and keyFile, or pfxFile',
  proxy: 'must be the URL of a proxy without user and password, or false',
  proxyWithoutTls: 'cannot be used with an http address',
  publicAddress: 'is only for private addresses, such as 192.168.1.5',
  switch: 'must be true or false',
  cipherMissing: 'is missing: this partner requires encrypted payloads',
  cipherSecret: 'is a secret: sign in to enter it, and delete it here',
} as const;

export type ProblemMessage = (typeof problems)[keyof typeof problems];

export interface ProfileProblem {
  /** The id or label of the profile or partner, or its position if it has none. */
  readonly name: string;
  readonly of: 'profile' | 'partner';
  /** Path of the field, such as `cipher.iv.from`; empty if the problem is not in one field. */
  readonly field: string;
  readonly message: ProblemMessage;
  /** For the placeholders of `message`. */
  readonly values: readonly string[];
}

export type FieldProblem = Pick<ProfileProblem, 'field' | 'message' | 'values'>;

export function fieldProblem(field: string, message: ProblemMessage, ...values: string[]): FieldProblem {
  return { field, message, values };
}

/** What is wrong with a profile or a definition by its schema. */
export function schemaProblem(schema: v.GenericSchema, value: unknown): FieldProblem | undefined {
  const problem = firstProblem(schema, value);
  if (problem === undefined) return undefined;
  const { path } = problem;
  switch (problem.kind) {
    case 'renamed':
      return fieldProblem(path, problems.renamed, problem.newName);
    case 'missing':
      return fieldProblem(path, problems.missing);
    case 'unknown':
      return problem.suggestion === undefined
        ? fieldProblem(path, problems.unknown)
        : fieldProblem(path, problems.misspelled, problem.suggestion);
    case 'invalid':
      return problem.suggestion === undefined
        ? fieldProblem(path, Object.values(problems).find((known) => known === problem.rule) ?? problems.invalid)
        : fieldProblem(path, problems.misspelledValue, problem.suggestion);
  }
}
