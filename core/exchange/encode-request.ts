import type { Cipher } from '../cipher/cipher.ts';
import type { BodyForm } from '../partners/definition.ts';
import type { HttpRequest } from '../transport/http.ts';
import type { Connection } from './connection.ts';
import { encodeBody, type EncodedBody, type Payload } from './encode-body.ts';

/** A call before it is encoded for its partner. */
export interface RequestDraft {
  readonly method: string;
  /** Below the base URL, starting with a slash. */
  readonly path: string;
  /** How `payload` is encoded. */
  readonly form: BodyForm;
  readonly payload?: Payload | undefined;
  /** Additional headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For protected calls. */
  readonly accessToken?: string;
}

export interface EncodedRequest {
  readonly request: HttpRequest;
  /** Absent without a payload. */
  readonly body: EncodedBody | undefined;
}

/** Encodes a call as an HTTP request: headers, envelope and encryption as the partner definition describes them. */
export async function encodeRequest(
  { definition, baseUrl, partnerCode }: Pick<Connection, 'definition' | 'baseUrl' | 'partnerCode'>,
  { method, path, form, payload, headers: extraHeaders, accessToken }: RequestDraft,
  cipher: Cipher | undefined,
): Promise<EncodedRequest> {
  const body = payload === undefined ? undefined : await encodeBody(form, payload, cipher, partnerCode);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(definition.headers ?? {})) {
    headers[name.toLowerCase()] = value.replaceAll('{partnerCode}', partnerCode ?? '');
  }
  if (body !== undefined) headers['content-type'] ??= body.contentType;
  Object.assign(headers, extraHeaders);
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`;
  // In its parsed form, as it was checked: what is shown or copied is then what is sent.
  const { href: url } = new URL(baseUrl + path);
  return { request: { method, url, headers, ...(body && { body: body.body }) }, body };
}
