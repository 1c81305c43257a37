import { PartnerAuthError } from '../lib/errors.ts';
import { stringAt } from '../lib/json.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { CaptchaWidget, PartnerDefinition } from '../partners/definition.ts';
import { responseShapeOf } from '../partners/response-shape.ts';
import type { Redactor } from '../redact/redactor.ts';

/** A login that failed, and what the partner sent. */
export interface RefusedLogin {
  readonly error: PartnerAuthError;
  readonly json?: unknown;
  /** The response was HTTP 200 without a body. */
  readonly isEmpty?: boolean;
}

interface CaptchaParts {
  readonly definition: PartnerDefinition;
  readonly redactor: Redactor;
  /** The response to a GET, or why there is none. */
  readonly get: (path: string) => Promise<{ readonly json: unknown; readonly status: number } | PartnerAuthError>;
}

/**
 * What a failed login requires: the same error with a picture as its `challenge`, or how to pass the response of a widget
 * that only a web page can show. Errors that no captcha explains are returned as they are.
 */
export async function captchaError(parts: CaptchaParts, refused: RefusedLogin): Promise<PartnerAuthError> {
  const { error, json, isEmpty = false } = refused;
  const { captcha } = parts.definition;
  const isRequired = error.code === 'captchaRequired';
  if (captcha === undefined || (!isRequired && !isEmpty)) return error;
  const { widgets } = captcha;
  if (widgets === undefined) return isRequired ? withPicture(parts, error) : error;
  if (
    isRequired &&
    widgets.pictureMessage !== undefined &&
    messageIn(parts.definition, json) === widgets.pictureMessage
  )
    return withPicture(parts, error);

  const site = await parts.get(widgets.path);
  const config = site instanceof PartnerAuthError || site.status !== 200 ? undefined : site.json;
  const kind = stringAt(config, widgets.kindIn);
  const widget = kind !== undefined && Object.hasOwn(widgets.kinds, kind) ? widgets.kinds[kind] : undefined;
  if (!isRequired) return emptyResponseError(parts.definition, error, kind, widget);
  if (widget !== undefined) return widgetError(parts, refused, widget, config);
  // Without its message, a kind that is not listed is no proof that a picture can be right.
  if (kind !== undefined && widgets.pictures.includes(kind)) return withPicture(parts, error);
  return unknownWidgetError(parts, refused, widgets.kinds);
}

async function withPicture({ definition, redactor, get }: CaptchaParts, error: PartnerAuthError) {
  const { captcha: step, label } = definition;
  if (step === undefined) return error;
  const sent = await get(step.path);
  if (sent instanceof PartnerAuthError) return sent;
  const image = stringAt(sent.json, step.imageIn);
  const ticket = stringAt(sent.json, step.ticketIn);
  if (image === undefined || ticket === undefined || !/^data:image\/[\w+.-]+;base64,[\w+/=]+$/.test(image)) {
    return new PartnerAuthError('invalidResponse', `${label} requires a captcha but sent no image of it.`, {
      status: sent.status,
    });
  }
  redactor.keep(ticket);
  const { status, correlationId } = error;
  const challenge = { kind: 'captcha', image, ticket } as const;
  return new PartnerAuthError('captchaRequired', error.message, { status, correlationId, challenge });
}

function widgetError(
  { definition, redactor }: CaptchaParts,
  { error, json }: RefusedLogin,
  { label, field, shownIn = {}, incompleteMessage }: CaptchaWidget,
  config: unknown,
): PartnerAuthError {
  const shown = Object.entries(shownIn).flatMap(([name, path]) => {
    const value = stringAt(config, path);
    return value === undefined ? [] : [`${name} ${plainLine(value, 200)}`];
  });
  const details = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
  const isIncomplete = incompleteMessage !== undefined && messageIn(definition, json) === incompleteMessage;
  const first = isIncomplete ? ' Its settings at the site are not complete: ask its administrator first.' : '';
  const message = `${definition.label} requires a ${label} captcha${details}, which only a web page can show.${quote(definition, json, redactor)}${first} Pass the response of its widget, which is valid for one login, to login() as the credential "${field}".`;
  const { status, correlationId } = error;
  return new PartnerAuthError('captchaRequired', message, { status, correlationId, setting: field });
}

function unknownWidgetError(
  { definition, redactor }: CaptchaParts,
  { error, json }: RefusedLogin,
  kinds: Readonly<Record<string, CaptchaWidget>>,
): PartnerAuthError {
  const fields = Object.values(kinds).map(({ label, field }) => `${label} as "${field}"`);
  const message = `${definition.label} requires a captcha that is not a picture, and its site does not say of which kind.${quote(definition, json, redactor)} Pass the response of its widget to login() as a credential: ${fields.join(', ')}.`;
  const { status, correlationId } = error;
  return new PartnerAuthError('captchaRequired', message, { status, correlationId });
}

/** A login without a response body: some servers send that if the secret of their captcha is not set. */
function emptyResponseError(
  { label }: PartnerDefinition,
  error: PartnerAuthError,
  kind: string | undefined,
  widget: CaptchaWidget | undefined,
): PartnerAuthError {
  const { code, message, retryable, status } = error;
  if (widget?.emptyWithoutSecret === true) {
    const text = `${label} responded to the login (HTTP ${status ?? 200}) without a body: its site requires a ${widget.label} captcha, and the secret key of it is not set. Ask its administrator to set it.`;
    return new PartnerAuthError('invalidResponse', text, { status, retryable: false });
  }
  if (kind !== undefined) return error;
  const text = `${message} A site that requires a captcha but has no secret key for it responds like this too: then ask its administrator.`;
  return new PartnerAuthError(code, text, { status, retryable });
}

/** What the partner said about a refused login. */
function messageIn(definition: PartnerDefinition, json: unknown): string | undefined {
  return stringAt(json, responseShapeOf(definition, 'login').message);
}

function quote(definition: PartnerDefinition, json: unknown, redactor: Redactor): string {
  const said = messageIn(definition, json);
  return said === undefined ? '' : ` It said: "${plainLine(redactor.redact(said))}".`;
}
