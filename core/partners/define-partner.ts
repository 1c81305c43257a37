import { checkConfiguration, cloneAsJson, deepFreeze } from '../lib/validation.ts';
import { configurationError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import { parseCallPattern } from './call-pattern.ts';
import type { AuthCall, BodyForm, JsonObject, PartnerDefinition } from './definition.ts';
import { transportHeaders } from './headers.ts';
import { payloadProblem } from './payload.ts';
import { refreshCallOf } from './renewal.ts';
import { partnerSchema } from './schema.ts';

const sizeLimit = 256 * 1024;

/**
 * Checks a partner definition of up to 256 KiB and returns a frozen copy of it.
 *
 * @throws PartnerAuthError `configuration`; `setting` is the path of the field, such as `partner.login.path`.
 */
export function definePartner(definition: PartnerDefinition): PartnerDefinition {
  const copy = cloneAsJson('partner', definition, sizeLimit) as PartnerDefinition;
  checkConfiguration('partner', partnerSchema, copy);
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

function checkCredentialFields({ credentials }: PartnerDefinition): void {
  const names = credentials.map((field) => field.name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) refuse('partner.credentials', `has the field "${duplicate}" twice`);
  for (const [index, field] of credentials.entries()) {
    if (field.account !== true) continue;
    const setting = `partner.credentials.${index}.account`;
    if (field.secret === true) refuse(setting, 'must not be true for a secret, because the account is shown');
    if (credentials.findIndex((other) => other.account === true) !== index)
      refuse(setting, 'is true for a second field; one field identifies the account');
  }
}

function checkHeaders({ headers = {}, body, requestBody }: PartnerDefinition): void {
  const lower = Object.keys(headers).map((name) => name.toLowerCase());
  for (const [index, name] of lower.entries()) {
    if (transportHeaders.includes(name)) refuse('partner.headers', `must not contain "${name}": the transport sets it`);
    if (name === 'authorization')
      refuse('partner.headers', 'must not contain "authorization": protected calls set it to the access token');
    if (lower.indexOf(name) !== index) refuse('partner.headers', `has "${name}" twice`);
  }
  const isMultipart = [body, requestBody].some((form) => form?.form === 'multipart');
  if (isMultipart && lower.includes('content-type'))
    refuse('partner.headers', 'must not contain "content-type": that of a multipart body names its boundary');
}

function checkBodies({ body, requestBody }: PartnerDefinition): void {
  for (const [name, form] of Object.entries({ body, requestBody })) {
    if (form?.form !== 'encrypted') continue;
    const { field, fields = {} } = form as { readonly field?: string; readonly fields?: object };
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
  const { login, refresh, logout, oneTimeCode, captcha, example, credentials, body, requestBody = body } = definition;
  checkAuthCall(
    'login',
    login,
    credentials.map((field) => field.name),
    body,
  );
  if (typeof refresh === 'object') checkAuthCall('refresh', refresh, [refresh.tokenField], body);
  if (logout !== undefined) checkAuthCall('logout', logout, [logout.tokenField], body);
  if (oneTimeCode !== undefined) {
    const { codeField, sessionField } = oneTimeCode;
    checkAuthCall('oneTimeCode', oneTimeCode, [codeField, sessionField], body);
    if (codeField === sessionField) refuse('partner.oneTimeCode.sessionField', 'is also the codeField');
    requireRule(definition, 'oneTimeCode', 'oneTimeCodeRequired');
  }
  if (captcha !== undefined) {
    if (captcha.textField === captcha.ticketField) refuse('partner.captcha.ticketField', 'is also the textField');
    requireRule(definition, 'captcha', 'captchaRequired');
  }
  if (example?.payload === undefined) return;
  if (example.method === 'GET') refuse('partner.example.payload', 'cannot be sent with a GET');
  checkPayload('partner.example.payload', requestBody, example.payload);
}

/** `fields` are those that the session sets. */
function checkAuthCall(name: string, call: AuthCall, fields: readonly string[], body: BodyForm): void {
  if (call.method === 'GET')
    refuse(`partner.${name}.method`, 'must not be GET, because its payload would have to be in the URL');
  const setting = `partner.${name}.extraFields`;
  for (const [field, value] of Object.entries(call.extraFields ?? {})) {
    if (fields.includes(field)) refuse(`${setting}.${plainLine(field)}`, 'is a field that the session sets');
    if (JSON.stringify(value).includes('{partnerCode}')) {
      refuse(
        `${setting}.${plainLine(field)}`,
        'has the placeholder {partnerCode}, which is replaced in headers and in the fields of an envelope only',
      );
    }
  }
  if (call.extraFields !== undefined) checkPayload(setting, body, call.extraFields);
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

function checkErrors(copy: PartnerDefinition): void {
  for (const [index, rule] of (copy.errors ?? []).entries()) {
    const setting = `partner.errors.${index}`;
    if (rule.status === undefined && rule.code === undefined && rule.message === undefined) {
      throw configurationError(setting, `${setting} matches every response: give it a status, a code or a message.`);
    }
    if (rule.code !== undefined && copy.response.code === undefined)
      refuse(`${setting}.code`, 'is never compared: partner.response.code does not say which field holds it');
    if (rule.message !== undefined && copy.response.message === undefined)
      refuse(`${setting}.message`, 'is never compared: partner.response.message does not say which field holds it');
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
