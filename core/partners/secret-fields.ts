import type { PartnerDefinition } from './definition.ts';

/** The names of the fields that hold secrets, in any call. */
export function secretFieldNames({
  credentials,
  refresh,
  logout,
  oneTimeCode,
  response,
}: PartnerDefinition): ReadonlySet<string> {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  return new Set([
    ...credentials.filter((field) => field.secret === true).map((field) => field.name),
    ...(typeof refresh === 'object' ? [refresh.tokenField] : []),
    ...(logout === undefined ? [] : [logout.tokenField]),
    ...(oneTimeCode === undefined ? [] : [oneTimeCode.codeField, oneTimeCode.sessionField]),
    last(response.accessToken),
    ...(response.refreshToken === undefined ? [] : [last(response.refreshToken)]),
  ]);
}
