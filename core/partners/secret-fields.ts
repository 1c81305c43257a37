import type { SecretNames } from '../redact/mask.ts';
import type { PartnerDefinition } from './definition.ts';

/** The names of the fields that hold secrets, in any call. */
export function secretFieldNames({
  credentials,
  refresh,
  logout,
  oneTimeCode,
  response,
}: PartnerDefinition): SecretNames {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const always = new Set([
    ...credentials.filter((field) => field.secret === true).map((field) => field.name),
    refresh.tokenField,
    ...(logout === undefined ? [] : [logout.tokenField]),
    ...(oneTimeCode === undefined ? [] : [oneTimeCode.codeField, oneTimeCode.sessionField]),
    last(response.accessToken),
    last(response.refreshToken),
  ]);
  // Where it is not a string, such a field may be an object that holds the whole response.
  const asString = [oneTimeCode?.sessionIn, response.encryptedIn].filter((path) => path !== undefined).map(last);
  return { always, asString: new Set(asString) };
}
