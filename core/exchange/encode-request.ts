import type { Cipher } from '../cipher/cipher.ts';
import type { BodyForm, EncryptedQuery } from '../partners/definition.ts';
import { tokenHeaderOf } from '../partners/headers.ts';
import type { Content, QueryPairs } from '../partners/payload.ts';
import type { HttpRequest } from '../transport/http.ts';
import type { HttpBody } from '../transport/request-body.ts';
import type { Connection } from './connection.ts';
import { encodeBody, type EncodedBody } from './encode-body.ts';

/** A body that is sent as it is. */
export interface RawBody {
  readonly body: HttpBody;
  /** The content type that the body has by itself. */
  readonly contentType?: string;
  /** The content type if neither the call nor the partner definition states one. */
  readonly fallbackType?: string;
  /** Its content type contains its boundary, so that no other can be stated. */
  readonly isForm?: boolean;
}

/** A call before it is encoded for its partner. */
export interface RequestDraft {
  readonly method: string;
  /** Below the URL of auth calls or of protected calls, starting with a slash. */
  readonly path: string;
  /** Added to that of the path. */
  readonly query?: QueryPairs | undefined;
  /** How `payload` is encoded. */
  readonly form: BodyForm;
  readonly payload?: Content | string | undefined;
  /** In place of a payload. */
  readonly raw?: RawBody | undefined;
  /** Replaces that of the body and of the definition. */
  readonly contentType?: string | undefined;
  /** Additional headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in the token header. */
  readonly token?: string | undefined;
  /** A call with the access token, not one that gets or revokes tokens. Default false. */
  readonly isProtected?: boolean;
}

export interface EncodedRequest {
  readonly request: HttpRequest;
  /** Absent without a payload. */
  readonly body: EncodedBody | undefined;
  /** Ciphertexts, which must not be logged. */
  readonly secrets: readonly string[];
}

/** Encodes a call as an HTTP request: headers, envelope and encryption as the partner definition describes them. */
export async function encodeRequest(
  { definition, baseUrl, apiUrl, partnerCode }: Pick<Connection, 'definition' | 'baseUrl' | 'apiUrl' | 'partnerCode'>,
  draft: RequestDraft,
  cipher: Cipher | undefined,
): Promise<EncodedRequest> {
  const { method, path, query = [], form, payload, raw, token, isProtected = false } = draft;
  const body = payload === undefined ? undefined : await encodeBody(form, payload, cipher, partnerCode);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(definition.headers ?? {})) {
    headers[name.toLowerCase()] = value.replaceAll('{partnerCode}', partnerCode ?? '');
  }
  const ownType = draft.contentType ?? raw?.contentType;
  if (ownType !== undefined) headers['content-type'] = ownType;
  const fallbackType = body?.contentType ?? raw?.fallbackType;
  if (fallbackType !== undefined) headers['content-type'] ??= fallbackType;
  Object.assign(headers, draft.headers);
  if (token !== undefined) {
    const { name, value } = tokenHeaderOf(definition);
    headers[name] = value.replace('{accessToken}', () => token);
  }
  const content = (body ?? raw)?.body;
  const { requestQuery } = definition;
  const encrypted =
    requestQuery === undefined || !isProtected ? undefined : encryptQuery(requestQuery, path, query, cipher);
  // In its parsed form, as it was checked: what is shown or copied is then what is sent.
  const { href: url } = new URL(
    (isProtected ? apiUrl : baseUrl) + (encrypted?.path ?? withQuery(path, encodeQuery(query))),
  );
  return {
    request: { method, url, headers, ...(content !== undefined && { body: content }) },
    body,
    secrets: [...(body?.secrets ?? []), ...(encrypted?.secrets ?? [])],
  };
}

/** Encrypts the query of a call, that of its path included, into one parameter. */
function encryptQuery(
  { field, payload = 'query' }: EncryptedQuery,
  given: string,
  added: QueryPairs,
  cipher: Cipher | undefined,
): { readonly path: string; readonly secrets: readonly string[] } {
  if (cipher === undefined) throw new TypeError('An encrypted query requires a cipher.');
  const [path = '', own = ''] = given.split(/\?(.*)/s);
  const query = [...new URLSearchParams(own), ...added];
  if (query.length === 0) return { path, secrets: [] };
  const plain = payload === 'json' ? JSON.stringify(fieldsOf(query)) : encodeQuery(query);
  const { ciphertext, iv } = cipher.encryptWithIv(plain);
  const parameters: [string, string][] = [[field, ciphertext]];
  if (iv !== undefined && cipher.ivField !== undefined) parameters.push([cipher.ivField, iv]);
  return { path: withQuery(path, encodeQuery(parameters)), secrets: [ciphertext] };
}

/** One field for each name; a list if the name is repeated. */
function fieldsOf(query: QueryPairs): Record<string, unknown> {
  const values = new Map<string, (string | number | boolean)[]>();
  for (const [name, value] of query) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
}

function encodeQuery(query: QueryPairs): string {
  return query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

function withQuery(path: string, query: string): string {
  if (query === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${query}`;
}
