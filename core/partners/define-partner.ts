import { checkConfiguration, cloneAsJson, deepFreeze } from '../lib/validation.ts';
import { configurationError } from '../lib/errors.ts';
import type { PartnerDefinition } from './definition.ts';
import { partnerSchema } from './schema.ts';

const sizeLimit = 256 * 1024;
/** Set by the transport: another value would break the request or redirect it to another server. */
const transportHeaders = ['host', 'content-length', 'transfer-encoding', 'connection'];

/**
 * Checks a partner definition of up to 256 KiB and returns a frozen copy of it.
 *
 * @throws PartnerAuthError `configuration`; `setting` is the path of the field, such as `partner.login.path`.
 */
export function definePartner(definition: PartnerDefinition): PartnerDefinition {
  const copy = cloneAsJson('partner', definition, sizeLimit) as PartnerDefinition;
  checkConfiguration('partner', partnerSchema, copy);
  const names = copy.credentials.map((field) => field.name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) {
    throw configurationError('partner.credentials', `partner.credentials has the field "${duplicate}" twice.`);
  }
  checkHeaders(Object.keys(copy.headers ?? {}));
  for (const [index, rule] of (copy.errors ?? []).entries()) {
    const setting = `partner.errors.${index}`;
    if (rule.status === undefined && rule.code === undefined && rule.message === undefined) {
      throw configurationError(setting, `${setting} matches every response: give it a status, a code or a message.`);
    }
    if (rule.is === 'oneTimeCodeRequired' && copy.oneTimeCode === undefined) {
      throw configurationError(setting, `${setting} is "oneTimeCodeRequired", but partner.oneTimeCode is missing.`);
    }
    if (rule.is === 'captchaRequired' && copy.captcha === undefined) {
      throw configurationError(setting, `${setting} is "captchaRequired", but partner.captcha is missing.`);
    }
  }
  return deepFreeze(copy);
}

function checkHeaders(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  for (const [index, name] of lower.entries()) {
    if (transportHeaders.includes(name)) {
      throw configurationError('partner.headers', `partner.headers must not contain "${name}": the transport sets it.`);
    }
    if (lower.indexOf(name) !== index) {
      throw configurationError('partner.headers', `partner.headers has "${name}" twice.`);
    }
  }
}
