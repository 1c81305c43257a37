import type { AuthExchange, PartnerDefinition } from '../../core/index.ts';
import { maskedPayload, parseJson, queryFields } from '../../core/profiles/index.ts';
import type { Translate } from '../model/translate.ts';

/** The envelope as it is sent, ready to be pasted into a request. */
export function encryptedDocument({
  body,
  contentType,
}: {
  readonly body: string;
  readonly contentType: string;
}): string {
  return contentType === 'application/json' ? `${JSON.stringify(JSON.parse(body), undefined, 2)}\n` : `${body}\n`;
}

/** A decrypted payload, with its secrets masked unless `reveal` is true. */
export function decryptedDocument(plaintext: string, definition: PartnerDefinition, reveal: boolean): string {
  const value = parseJson(plaintext) ?? queryFields(plaintext);
  if (value === undefined) return reveal ? plaintext : `•••••••• (${plaintext.length})`;
  return `${JSON.stringify(reveal ? value : maskedPayload(value, definition), undefined, 2)}\n`;
}

/** The last auth exchange, step by step, with its secrets masked. */
export function exchangeDocument(exchange: AuthExchange, t: Translate): string {
  const { at, ...rest } = exchange;
  return `${JSON.stringify({ note: t('Secrets are masked.'), at: new Date(at).toISOString(), ...rest }, undefined, 2)}\n`;
}
