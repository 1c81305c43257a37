import type { Connection } from '../../exchange/connection.ts';
import type { PartnerAuthError } from '../../lib/errors.ts';
import { nodeCrypto } from '../../lib/node-modules.ts';
import type { Refusal, RefusalCode } from '../../stores/stored-record.ts';
import type { Credentials } from './credentials.ts';

/** The code with which the partner refused the credentials, or the client; undefined for any other error. */
export function refusalCodeOf({ code, setting, status }: PartnerAuthError): RefusalCode | undefined {
  if (code === 'configuration' && setting === 'client') return code;
  // Without a rule that says so, too: the account could be locked.
  if (code === 'partnerRefused' && status === 401) return 'invalidCredentials';
  return code === 'invalidCredentials' || code === 'accountUnavailable' ? code : undefined;
}

export async function refusalOf(
  code: RefusalCode,
  connection: Connection,
  credentials: Credentials,
  at: number,
): Promise<Refusal> {
  const key = nodeCrypto().randomBytes(16).toString('base64url');
  return { at, code, key, hash: await hashOf(connection, credentials, key) };
}

/** Whether the partner has refused these credentials, and not others. */
export async function isRefused(
  { key, hash }: Refusal,
  connection: Connection,
  credentials: Credentials,
): Promise<boolean> {
  return hash === (await hashOf(connection, credentials, key));
}

/**
 * A slow hash, because passwords can be guessed. Of all that identifies who signs in, but of no field that differs with each
 * login.
 */
function hashOf(
  { definition, extraFields, client }: Connection,
  credentials: Credentials,
  key: string,
): Promise<string> {
  const { oneTimeCode, captcha } = definition;
  const momentary = [oneTimeCode?.codeField, captcha?.textField, captcha?.ticketField];
  const lasting = Object.entries(credentials).filter(([name]) => !momentary.includes(name));
  const identity = [client?.id, client?.secret];
  const text = JSON.stringify([sorted(lasting), sorted(Object.entries(extraFields.login ?? {})), identity]);
  return new Promise((resolve, reject) => {
    nodeCrypto().scrypt(text, Buffer.from(key, 'base64url'), 32, (error, hash) => {
      if (error === null) resolve(hash.toString('base64url'));
      else reject(error);
    });
  });
}

function sorted<T>(fields: [string, T][]): [string, T][] {
  return fields.sort(([a], [b]) => (a < b ? -1 : 1));
}
