import { checkConfiguration, cloneAsJson, deepFreeze } from '../lib/validation.ts';
import { configurationError } from '../lib/errors.ts';
import { valueAt } from '../lib/json.ts';
import { plainLine } from '../lib/plain-line.ts';
import { clientFields, findOverlap, isTaken, sessionFields, type AuthCallKind } from './auth-fields.ts';
import { parseCallPattern } from './call-pattern.ts';
import type { BodyForm, JsonObject, PartnerDefinition } from './definition.ts';
import { tokenHeaderOf, transportHeaders } from './headers.ts';
import { payloadProblem, queryProblem } from './payload.ts';
import { authCallOf, refreshCallOf } from './renewal.ts';
import { responseShapeOf } from './response-shape.ts';
import { partnerSchema } from './schema.ts';
import { shapeExample } from './shape-examples.ts';
import type { TypedDefinition } from './typed-definition.ts';

const sizeLimit = 256 * 1024;

/**
 * Checks a partner definition of up to 256 KiB and returns a frozen copy of it.
 *
 * @throws PartnerAuthError `configuration`; `setting` is the path of the field, such as `partner.login.path`.
 */
export function definePartner<const D extends PartnerDefinition>(definition: D): TypedDefinition<D> {
  const copy = cloneAsJson('partner', definition, sizeLimit) as PartnerDefinition;
  checkConfiguration('partner', partnerSchema, copy, (path) => shapeExample(path, valueAt(copy, path)));
  checkCredentialFields(copy);
  checkHeaders(copy);
  checkBodies(copy);
  checkCalls(copy);
  checkRefresh(copy);
  checkErrors(copy);
  checkSafeCalls(copy);
  return deepFreeze(copy);
}

/** Throws for what the schema allows, but a session could not do. */
function refuse(setting: string, message: string): never {
  throw configurationError(setting, `${setting} ${message}.`);
}

function checkCredentialFields({ credentials, client, body }: PartnerDefinition): void {
  if (credentials.length === 0 && client === undefined)
    refuse('partner.credentials', 'must name at least one credential, unless there is a partner.client');
  const [name, other] = findOverlap(
    body,
    credentials.map((field) => field.name),
  ) ?? [''];
  if (name === other) refuse('partner.credentials', `has the field "${name}" twice`);
  if (other !== undefined)
    refuse('partner.credentials', `has the field "${name}" and "${other}", which would be a part of it`);
  for (const [index, field] of credentials.entries()) {
    if (field.account !== true) continue;
    const setting = `partner.credentials.${index}.account`;
    if (field.secret === true) refuse(setting, 'must not be true for a secret, because the account is shown');
    if (credentials.findIndex((other) => other.account === true) !== index)
      refuse(setting, 'is true for a second field; one field identifies the account');
  }
}

function checkHeaders(definition: PartnerDefinition): void {
  const { headers = {}, body, requestBody, client } = definition;
  if (Array.isArray(headers))
    refuse('partner.headers', `must be an object, not a list, such as ${shapeExample('headers')}`);
  const lower = Object.keys(headers).map((name) => name.toLowerCase());
  const { name: tokenHeader } = tokenHeaderOf(definition);
  if (transportHeaders.includes(tokenHeader))
    refuse('partner.tokenHeader.name', `must not be "${tokenHeader}": the transport sets it`);
  for (const [index, name] of lower.entries()) {
    if (transportHeaders.includes(name)) refuse('partner.headers', `must not contain "${name}": the transport sets it`);
    if (name === tokenHeader)
      refuse('partner.headers', `must not contain "${name}": protected calls set it to the access token`);
    if (name === 'authorization' && client?.send === 'basic')
      refuse('partner.headers', 'must not contain "authorization": it has the client with "basic"');
    if (lower.indexOf(name) !== index) refuse('partner.headers', `has "${name}" twice`);
  }
  if (client?.send === 'basic' && (client.idField ?? client.secretField) !== undefined)
    refuse('partner.client', 'has field names, which have no effect with "basic"');
  const isMultipart = [body, requestBody].some((form) => form?.form === 'multipart');
  if (isMultipart && lower.includes('content-type'))
    refuse('partner.headers', 'must not contain "content-type": that of a multipart body names its boundary');
}

function checkBodies({ body, requestBody }: PartnerDefinition): void {
  for (const [name, form] of Object.entries({ body, requestBody })) {
    if (form?.form !== 'encrypted') continue;
    const { field, fields = {} } = form as { readonly field?: string; readonly fields?: object };
    if (Array.isArray(fields)) refuse(`partner.${name}.fields`, 'must be an object, not a list');
    if (form.envelope === 'none') {
      const setting = `partner.${name}.${field === undefined ? 'fields' : 'field'}`;
      if (field !== undefined || Object.keys(fields).length > 0)
        refuse(setting, 'has no effect: with the envelope "none", the body is nothing but the ciphertext');
    } else if (field === undefined) {
      refuse(`partner.${name}.field`, 'is missing: it names the field of the envelope for the ciphertext');
    } else if (Object.hasOwn(fields, field)) {
      refuse(`partner.${name}.fields.${field}`, 'is the field of the ciphertext; give one of them another name');
    }
  }
}

function checkCalls(definition: PartnerDefinition): void {
  const { logout, oneTimeCode, captcha, example, body, requestBody = body, headers = {} } = definition;
  if (oneTimeCode !== undefined && oneTimeCode.codeField === oneTimeCode.sessionField)
    refuse('partner.oneTimeCode.sessionField', 'is also the codeField');
  for (const kind of ['login', 'refresh', 'logout', 'oneTimeCode'] as const) checkAuthCall(definition, kind);
  for (const [name, call] of Object.entries({ refresh: refreshCallOf(definition), logout })) {
    if (call === undefined) continue;
    const { tokenField, tokenCookie, authorization } = call;
    if (tokenCookie !== undefined && Object.keys(headers).some((header) => header.toLowerCase() === 'cookie'))
      refuse(`partner.${name}.tokenCookie`, 'cannot be combined with the header "Cookie" in partner.headers');
    if (tokenCookie !== undefined && authorization !== undefined && tokenHeaderOf(definition).name === 'cookie')
      refuse(`partner.${name}.tokenCookie`, 'cannot be combined with authorization: both set the header "Cookie"');
    if ((tokenField ?? tokenCookie ?? authorization) === undefined)
      refuse(`partner.${name}.tokenField`, 'is missing: it names the payload field for the refresh token');
  }
  if (oneTimeCode !== undefined) requireRule(definition, 'oneTimeCode', 'oneTimeCodeRequired');
  if (captcha !== undefined) {
    if (captcha.textField === captcha.ticketField) refuse('partner.captcha.ticketField', 'is also the textField');
    requireRule(definition, 'captcha', 'captchaRequired');
  }
  if (example?.payload === undefined) return;
  if (example.method === 'GET') refuse('partner.example.payload', 'cannot be sent with a GET');
  checkPayload('partner.example.payload', requestBody, example.payload);
}

function checkAuthCall(definition: PartnerDefinition, kind: AuthCallKind): void {
  const { client, body, credentials } = definition;
  const call = authCallOf(definition, kind);
  if (call === undefined) return;
  const { authorization, extraFields = {} } = call;
  if (authorization !== undefined && client?.send === 'basic' && tokenHeaderOf(definition).name === 'authorization')
    refuse(`partner.${kind}.authorization`, 'cannot be combined with the client\'s "basic": both set "authorization"');
  const fields = [
    ...(kind === 'login' ? credentials.map((field) => field.name) : []),
    ...sessionFields(definition, kind),
  ];
  const [name, other] = findOverlap(body, fields) ?? [];
  if (name !== undefined && other !== undefined) {
    const setting = clientFields(definition).includes(name) ? 'partner.client' : `partner.${kind}`;
    refuse(setting, `sends the field "${name}" of the ${kind} twice; give one of them another name`);
  }
  if (call.method === 'GET' && fields.length > 0) {
    const secret = fields.map((field) => `"${field}"`).join(', ');
    refuse(`partner.${kind}.method`, `must not be GET, because its payload (${secret}) would have to be in the URL`);
  }
  const setting = `partner.${kind}.extraFields`;
  for (const [field, value] of Object.entries(extraFields)) {
    if (JSON.stringify(value).includes('{partnerCode}')) {
      refuse(
        `${setting}.${plainLine(field)}`,
        'has the placeholder {partnerCode}, which is replaced in headers and in the fields of an envelope only',
      );
    }
  }
  const taken = fields.find((field) => isTaken(body, extraFields, field));
  if (taken !== undefined) refuse(`${setting}.${plainLine(taken)}`, 'is a field that the session sets');
  checkPayload(setting, body, extraFields);
  if (call.method !== 'GET' || Object.keys(extraFields).length === 0) return;
  if (body.form === 'encrypted') refuse(setting, 'cannot be sent with a GET, because the payload is encrypted');
  const problem = queryProblem(extraFields);
  if (problem !== undefined) refuse(`${setting}.${plainLine(problem.path)}`, problem.message);
}

function checkPayload(setting: string, form: BodyForm, payload: JsonObject): void {
  const problem = payloadProblem(form, payload);
  if (problem !== undefined) refuse(`${setting}.${plainLine(problem.path)}`, problem.message);
}

function checkRefresh(definition: PartnerDefinition): void {
  const call = refreshCallOf(definition);
  if (call !== undefined && call.sliding !== true && definition.response.refreshToken === undefined)
    refuse('partner.response.refreshToken', 'is missing: it says where a response has the token that a refresh sends');
}

/** Without the rule that leads to it, a step would never be taken. */
function requireRule({ errors }: PartnerDefinition, step: string, code: string): void {
  if (!(errors ?? []).some((rule) => rule.is === code && (rule.on === undefined || rule.on.includes('login'))))
    refuse(`partner.${step}`, `is never used: no rule of partner.errors for the login is "${code}"`);
}

const ruleCalls = ['login', 'oneTimeCode', 'refresh', 'logout', 'request'] as const;

function checkErrors(copy: PartnerDefinition): void {
  for (const [index, rule] of (copy.errors ?? []).entries()) {
    const setting = `partner.errors.${index}`;
    if (rule.status === undefined && rule.code === undefined && rule.message === undefined) {
      throw configurationError(setting, `${setting} matches every response: give it a status, a code or a message.`);
    }
    for (const name of ['code', 'message'] as const) {
      const isRead = (rule.on ?? ruleCalls).some((kind) => responseShapeOf(copy, kind)[name] !== undefined);
      if (rule[name] !== undefined && !isRead)
        refuse(`${setting}.${name}`, `is never compared: partner.response.${name} does not say which field holds it`);
    }
    if (rule.is === 'tokenRefused' && rule.on !== undefined && !rule.on.includes('request'))
      refuse(`${setting}.on`, 'must include "request": only a protected call has a token that can be refused');
    if (rule.is === 'oneTimeCodeRequired' && copy.oneTimeCode === undefined) {
      throw configurationError(setting, `${setting} is "oneTimeCodeRequired", but partner.oneTimeCode is missing.`);
    }
    if (rule.is === 'captchaRequired' && copy.captcha === undefined) {
      throw configurationError(setting, `${setting} is "captchaRequired", but partner.captcha is missing.`);
    }
  }
}

function checkSafeCalls({ safe = [] }: PartnerDefinition): void {
  for (const [index, text] of safe.entries()) {
    const pattern = parseCallPattern(text);
    if ('problem' in pattern) refuse(`partner.safe.${index}`, pattern.problem);
  }
}
