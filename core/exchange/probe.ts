import type { PartnerAuthError } from '../lib/errors.ts';
import type { SendOptions, Transport } from '../transport/http.ts';
import { classify } from './classify.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { responseShapeOf } from '../partners/response-shape.ts';
import { resolveConnection, type ConnectionOptions } from './connection.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';

/** What responds at the address of a partner. `url` is the address that was called. */
export type ProbeResult =
  /** A response in the partner's own form. */
  | { readonly kind: 'partner'; readonly url: string }
  /** Something else, such as a web site, a gateway or another partner. */
  | { readonly kind: 'other'; readonly url: string; readonly status: number | undefined }
  /** `location` has no query. */
  | { readonly kind: 'redirect'; readonly url: string; readonly location: string | undefined }
  | { readonly kind: 'failed'; readonly url: string; readonly error: PartnerAuthError };

/**
 * Sends a refresh without a token, or a login without credentials if there is no refresh, which every partner refuses without
 * having done anything, and looks at the response.
 */
export async function probePartner(
  options: ConnectionOptions,
  transport: Transport,
  send: SendOptions,
): Promise<ProbeResult> {
  const connection = resolveConnection(options);
  const { definition } = connection;
  const call = refreshCallOf(definition);
  const { method = 'POST', path } = call ?? definition.login;
  const form = definition.body;
  // There may be no key yet to encrypt a payload with: the envelope is empty.
  const draft = form.form !== 'encrypted' ? { form, payload: {} } : { form: { form: 'json' } as const, payload: {} };
  const { request } = await encodeRequest(
    connection,
    { method, path, ...(method === 'GET' ? { form } : draft) },
    undefined,
  );
  const { url } = request;
  const sent = await transport.send(request, send);
  if (sent.kind === 'failure') {
    const { error } = sent;
    return error.code === 'responseTooLarge'
      ? { kind: 'other', url, status: undefined }
      : { kind: 'failed', url, error };
  }
  const { response: http } = sent;
  const { status } = http;
  const classification = classify(
    definition,
    call === undefined ? 'login' : 'refresh',
    status,
    decodeResponse(responseShapeOf(definition, call === undefined ? 'login' : 'refresh'), http, undefined),
  );
  if (classification.kind !== 'failure') return { kind: 'partner', url };
  const { code, foreign, rule, setting } = classification;
  if (code === 'redirect') return { kind: 'redirect', url, location: locationOf(http.headers.location, url) };
  // A 404 of a documented path says that the address is wrong, also in the partner's own form.
  const isWrongPath = status === 404 && (rule === undefined || setting === 'baseUrl');
  const isOther = foreign !== undefined || code === 'invalidResponse' || isWrongPath;
  return isOther ? { kind: 'other', url, status } : { kind: 'partner', url };
}

function locationOf(location: string | undefined, url: string): string | undefined {
  if (location === undefined || !URL.canParse(location, url)) return undefined;
  const { origin, pathname } = new URL(location, url);
  return origin === 'null' ? undefined : origin + pathname;
}
