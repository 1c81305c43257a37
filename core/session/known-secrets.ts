import type { CipherSettings } from '../cipher/settings.ts';
import type { Connection } from '../exchange/connection.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { isSecretName } from '../redact/mask.ts';

/** The secrets among the options of a session and the constants of its partner definition. */
export function knownSecrets(
  { definition, extraFields }: Pick<Connection, 'definition' | 'extraFields'>,
  cipher: CipherSettings | undefined,
): readonly string[] {
  const { headers, login, logout } = definition;
  const calls = [login, refreshCallOf(definition), logout];
  const constants = [headers, extraFields.login, extraFields.refresh, ...calls.map(fieldsOf)];
  const keys = cipher === undefined ? [] : [cipher.key, ...(cipher.iv.from === 'fixed' ? [cipher.iv.value] : [])];
  return [
    ...constants
      .flatMap((fields) => Object.entries(fields ?? {}))
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
