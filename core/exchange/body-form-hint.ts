import { valueAt } from '../lib/json.ts';
import type { BodyForm, PartnerDefinition } from '../partners/definition.ts';
import type { HttpResponse } from '../transport/http.ts';
import type { DecodedResponse } from './decode-response.ts';

/** How a body looks on the wire. */
type WireForm = 'json' | 'urlencoded' | 'multipart' | 'text';

const mediaTypes: Readonly<Record<WireForm, string>> = {
  json: 'application/json',
  urlencoded: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
  text: 'text/plain',
};

/** How messages name a form. */
const names: readonly (readonly [form: WireForm, pattern: RegExp])[] = [
  ['urlencoded', /x-www-form-urlencoded|form[- ]?(?:url[- ]?)?encoded|url[- ]?encoded form/i],
  ['multipart', /multipart(?:\/|[- ])form[- ]?data/i],
  ['json', /application\/json|\bJSON\b/i],
];

/** Alternatives, such as `application/json or multipart/form-data`. */
const alternatives = /[\w./-]+(?:,? or | and |, ?|\|)[\w./-]*(?:json|form)/i;

/** The codes of an OAuth 2.0 server that finds no field that it knows in a body (RFC 6749 section 5.2). */
const oauthCodes: readonly unknown[] = ['invalid_request', 'unsupported_grant_type'];

/** How many characters of a response are searched for the name of a form. */
const searched = 4_000;

/**
 * What to change in the definition if a refused auth call was sent in another form than the response names; undefined if
 * it names none, or the one that was sent.
 */
export function bodyFormHint(
  { body }: PartnerDefinition,
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  { text, json }: DecodedResponse,
): string | undefined {
  if (status !== 400 && status !== 415) return undefined;
  const sent = wireFormOf(body);
  const accepted = [headers['accept-post'], headers.accept].flat().join(', ');
  const named = formsIn(accepted);
  if (named.length > 0) {
    const [first] = named;
    return first === undefined || named.includes(sent) ? undefined : hint('It accepts', first, sent, body);
  }
  const message = text.slice(0, searched);
  const others = formsIn(message).filter((form) => form !== sent);
  const [other] = others;
  if (other !== undefined) {
    const isChoice = formsIn(message).includes(sent) && alternatives.test(message);
    return isChoice ? undefined : hint('Its response names', other, sent, body);
  }
  const isOauth = oauthCodes.includes(valueAt(json, 'error')) && sent !== 'urlencoded';
  return isOauth ? hint('OAuth 2.0 requires', 'urlencoded', sent, body) : undefined;
}

function formsIn(text: string): readonly WireForm[] {
  return names.flatMap(([form, pattern]) => (pattern.test(text) ? [form] : []));
}

function wireFormOf(form: BodyForm): WireForm {
  if (form.form !== 'encrypted') return form.form;
  switch (form.envelope) {
    case 'form':
      return 'urlencoded';
    case 'none':
      return 'text';
    default:
      return 'json';
  }
}

function hint(start: string, wanted: WireForm, sent: WireForm, body: BodyForm): string {
  const change =
    body.form !== 'encrypted'
      ? `Set partner.body to { "form": "${wanted}" }, or the option bodyForm to '${wanted}'.`
      : wanted === 'multipart'
        ? 'Check partner.body.'
        : `Set partner.body.envelope to '${wanted === 'urlencoded' ? 'form' : 'json'}'.`;
  return `${start} ${mediaTypes[wanted]}, but the body was sent as ${mediaTypes[sent]}. ${change}`;
}
