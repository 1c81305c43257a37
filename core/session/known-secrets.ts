import type { CipherSettings } from '../cipher/settings.ts';
import { formEncode } from '../exchange/client.ts';
import type { Connection } from '../exchange/connection.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { isSecretName } from '../redact/mask.ts';

/** The secrets among the options of a session and the constants of its partner definition. */
export function knownSecrets(
  { definition, extraFields, client }: Pick<Connection, 'definition' | 'extraFields' | 'client'>,
  cipher: CipherSettings | undefined,
): readonly string[] {
  const { headers, login, oneTimeCode, logout } = definition;
  const calls = [login, oneTimeCode, refreshCallOf(definition), logout];
  const added = [extraFields.login, extraFields.oneTimeCode, extraFields.refresh, extraFields.logout];
  const constants = [headers, ...added, ...calls.map(fieldsOf)];
  const keys = cipher === undefined ? [] : [cipher.key, ...(cipher.iv.from === 'fixed' ? [cipher.iv.value] : [])];
  return [
    // A server may return the base64 of the encoded one.
    ...(client?.secret === undefined ? [] : [client.secret, formEncode(client.secret)]),
    ...constants
      .flatMap((fields: object | undefined): [string, unknown][] => Object.entries(fields ?? {}))
      .flatMap(([name, value]) => (typeof value === 'string' && isSecretName(name) ? [value] : [])),
    ...keys.flatMap((key) => (typeof key === 'string' ? [key] : formsOf(key))),
  ];
}

function fieldsOf(call: { readonly extraFields?: object } | undefined): object | undefined {
  return call?.extraFields;
}

function formsOf(bytes: Uint8Array): readonly string[] {
  const buffer = Buffer.from(bytes);
  return [buffer.toString('hex'), buffer.toString('base64')];
}
