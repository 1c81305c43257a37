import { checkConfiguration, deepFreeze, plainCopy } from '../lib/validation.ts';
import { configurationError } from '../lib/errors.ts';
import type { PartnerDefinition } from './definition.ts';
import { partnerSchema } from './schema.ts';

const sizeLimit = 256 * 1024;
/** Another value would break the request, or lead it elsewhere. */
const transportHeaders = ['host', 'content-length', 'transfer-encoding', 'connection'];

/**
 * Checks a partner definition and returns a frozen copy of it.
 *
 * @throws PartnerAuthError `configuration`; `setting` is the path of the field, such as `partner.login.path`.
 */
export function definePartner(definition: PartnerDefinition): PartnerDefinition {
  const copy = plainCopy('partner', definition, sizeLimit) as PartnerDefinition;
  checkConfiguration('partner', partnerSchema, copy);
  const names = copy.credentials.map((field) => field.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw configurationError('partner.credentials', `partner.credentials names the field "${twice}" twice.`);
  }
  checkHeaders(Object.keys(copy.headers ?? {}));
  for (const [index, rule] of (copy.errors ?? []).entries()) {
    const setting = `partner.errors.${index}`;
    if (rule.status === undefined && rule.code === undefined && rule.message === undefined) {
      throw configurationError(setting, `${setting} fits every answer: give it a status, a code or a message.`);
    }
    if (rule.is === 'oneTimeCodeRequired' && copy.oneTimeCode === undefined) {
      throw configurationError(setting, `${setting} asks for a one-time code, but partner.oneTimeCode is missing.`);
    }
    if (rule.is === 'captchaRequired' && copy.captcha === undefined) {
      throw configurationError(setting, `${setting} asks for a captcha, but partner.captcha is missing.`);
    }
  }
  return deepFreeze(copy);
}

function checkHeaders(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  for (const [index, name] of lower.entries()) {
    if (transportHeaders.includes(name)) {
      throw configurationError(
        'partner.headers',
        `partner.headers may not hold "${name}": it is set by the transport.`,
      );
    }
    if (lower.indexOf(name) !== index) {
      throw configurationError('partner.headers', `partner.headers names "${name}" twice.`);
    }
  }
}
