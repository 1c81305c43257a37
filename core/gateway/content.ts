import type { IncomingHttpHeaders } from 'node:http';
import type { BodyForm } from '../partners/definition.ts';
import type { ForwardedCall } from '../session/request/forward.ts';
import type { Refusal } from './own-response.ts';

type Content = Pick<ForwardedCall, 'payload' | 'raw'>;

export function isJsonType(contentType: string | undefined): boolean {
  return /^\s*[\w!#$&^.+-]+\/(?:[\w!#$&^.+-]*\+)?json\s*(?:;|$)/i.test(contentType ?? '');
}

/** Whether a body that is not JSON is what the partner takes encrypted: the fields of a form, as a query string. */
export function isEncryptedText(form: BodyForm, contentType: string | undefined): boolean {
  const isForm = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType ?? '');
  return isForm && form.form === 'encrypted' && form.payload === 'query';
}

/**
 * What the body of a caller is for the partner: JSON becomes what the partner requires, anything else is passed on as it is.
 * JSON stays the same text where the partner takes JSON, since it may have numbers that JavaScript cannot represent.
 */
export function contentOf(
  form: BodyForm,
  headers: Pick<IncomingHttpHeaders, 'content-type' | 'content-encoding' | 'transfer-encoding'>,
  body: Buffer,
): Content | Refusal {
  if (body.length === 0) return {};
  const { 'content-type': contentType } = headers;
  const isReencoded = isEncryptedText(form, contentType) || (isJsonType(contentType) && form.form !== 'json');
  // Of transfer codings, Node undoes `chunked` only.
  const coding = isCoded(headers['transfer-encoding'], 'chunked')
    ? 'Transfer-Encoding'
    : isReencoded && isCoded(headers['content-encoding'], 'identity')
      ? 'Content-Encoding'
      : undefined;
  if (coding !== undefined)
    return { code: 'unsupportedBody', message: `The gateway cannot decompress the body. Send it without ${coding}.` };
  if (isEncryptedText(form, contentType)) return { payload: body.toString('latin1') };
  if (!isJsonType(contentType)) return { raw: { body, contentType: contentType ?? 'application/octet-stream' } };
  // By `fallbackType`, so that a content type that the definition states replaces it.
  if (form.form === 'json') return { raw: { body, fallbackType: contentType ?? 'application/json' } };
  const text = decodeUtf8(body);
  const isEncryptedJson = form.form === 'encrypted' && form.payload !== 'query';
  try {
    if (text === undefined) throw new SyntaxError();
    const value = isEncryptedJson ? (JSON.parse(text) as unknown) : parseExactly(text);
    return { payload: isEncryptedJson ? text : value };
  } catch (error) {
    const isExact = error instanceof SyntaxError;
    const message = isExact ? 'The body is not JSON in UTF-8.' : (error as Error).message;
    return { code: 'invalidRequest', message };
  }
}

function isCoded(coding: string | undefined, plain: string): boolean {
  return coding !== undefined && coding.trim().toLowerCase() !== plain;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Without a byte order mark; undefined if it is not UTF-8. */
function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws RangeError for a number that would change. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown): unknown => {
    if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
    throw new RangeError('The body has a number above 2^53, which would change. Send it as a string.');
  }) as unknown;
}
