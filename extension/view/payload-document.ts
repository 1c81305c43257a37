import type { AuthExchange, PartnerDefinition } from '../../core/index.ts';
import { queryFields } from '../model/envelope.ts';
import type { Translate } from '../model/translate.ts';

const mask = '••••••••';

/** The envelope as it would travel, ready to be pasted into a request. */
export function encryptedDocument({
  body,
  contentType,
}: {
  readonly body: string;
  readonly contentType: string;
}): string {
  return contentType === 'application/json' ? `${JSON.stringify(JSON.parse(body), undefined, 2)}\n` : `${body}\n`;
}

/** A decrypted payload; without `reveal` with its secrets masked by the names of their fields. */
export function decryptedDocument(plain: string, { credentials, refresh }: PartnerDefinition, reveal: boolean): string {
  const value = parsed(plain) ?? queryFields(plain);
  if (value === undefined) return reveal ? plain : `${mask} (${plain.length})`;
  const secret = new Set([
    ...credentials.filter((field) => field.secret).map((field) => field.name),
    refresh.tokenField,
  ]);
  const shown = reveal ? value : hide(value, (name) => secret.has(name) || /pass|secret|token|key|pin|otp/i.test(name));
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}

/** The last auth exchange, step by step, masked. */
export function exchangeDocument(exchange: AuthExchange, t: Translate): string {
  const { at, ...rest } = exchange;
  return `${JSON.stringify({ note: t('Secrets are masked.'), at: new Date(at).toISOString(), ...rest }, undefined, 2)}\n`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hide(value: unknown, isSecret: (name: string) => boolean, name = ''): unknown {
  if (name !== '' && isSecret(name) && value !== null && value !== '') return mask;
  if (Array.isArray(value)) return value.map((item) => hide(item, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, isSecret, key)]));
}
