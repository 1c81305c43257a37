import { definePartner } from '../../partners/define-partner.ts';
import type { CredentialField, PartnerDefinition } from '../../partners/definition.ts';
import { requiresCipher, requiresPartnerCode } from '../../partners/requirements.ts';
import { randomBytesAs, randomWord } from '../random.ts';
import type { IvSource, SandboxCipherSettings } from '../codec/settings.ts';

/** A further partner for the sandbox to play: one that has a definition and no code. */
export interface SandboxDefinition {
  /** As for `openSession()`. Its paths must be no other partner's. */
  readonly definition: PartnerDefinition;
  /**
   * How payloads are encrypted, where the definition encrypts any. Default for each part: the library's own; a random key (hex), and a
   * random fixed IV (hex), also where the rule `fixed` comes without a value.
   */
  readonly cipher?: Partial<Omit<SandboxCipherSettings, 'iv'>> & {
    readonly iv?: IvSource | { readonly from: 'fixed' };
  };
  /** Default: random where the definition speaks of `{partnerCode}`, else none. */
  readonly partnerCode?: string;
  /** Fixes credentials of its account by field name. Default for each required field: random. */
  readonly credentials?: Readonly<Record<string, string>>;
}

/** What the sandbox knows of the one account of a partner by definition. */
export interface DefinedAccount {
  /** As the caller gave it. */
  readonly given: PartnerDefinition;
  /** Checked, a copy of its own. */
  readonly definition: PartnerDefinition;
  readonly cipher: SandboxCipherSettings | undefined;
  readonly partnerCode: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}

const keyLengths: Readonly<Record<string, number>> = { 'aes-128-cbc': 16, 'aes-192-cbc': 24 };

/**
 * Throws a PartnerAuthError `configuration` that names the path for a definition that is none, and a TypeError for an unknown option.
 */
export function completeDefined(given: SandboxDefinition): DefinedAccount {
  const { definition: unchecked, cipher, partnerCode, credentials, ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new TypeError(`Unknown option ${JSON.stringify(unknown)} of a sandbox definition`);
  const definition = definePartner(unchecked);
  const needsCode = requiresPartnerCode(definition);
  return {
    given: unchecked,
    definition,
    cipher: cipher !== undefined || requiresCipher(definition) ? completeCipher(cipher ?? {}) : undefined,
    partnerCode: partnerCode ?? (needsCode ? `SANDBOX-${randomWord(8)}` : undefined),
    credentials: Object.freeze({
      ...Object.fromEntries(requiredCredentials(definition).map((field) => [field.name, randomCredential(field)])),
      ...credentials,
    }),
  };
}

/** The credentials that every login must have; those of a later step are no part of the account. */
export function requiredCredentials({
  credentials,
  oneTimeCode,
  captcha,
}: PartnerDefinition): readonly CredentialField[] {
  const ofSteps = [oneTimeCode?.codeField, captcha?.textField, captcha?.ticketField];
  return credentials.filter(({ name, required = true }) => required && !ofSteps.includes(name));
}

function randomCredential({ name, account }: CredentialField): string {
  if (account === true || /e-?mail/i.test(name)) return `user-${randomWord(6).toLowerCase()}@example.com`;
  return randomWord(16);
}

function completeCipher(given: NonNullable<SandboxDefinition['cipher']>): SandboxCipherSettings {
  const keyFormat = given.keyFormat ?? (given.key === undefined ? 'hex' : 'utf8');
  const rule = given.iv ?? { from: 'fixed' };
  const iv: IvSource =
    rule.from === 'fixed' && !('value' in rule)
      ? { from: 'fixed', value: randomBytesAs('hex', 16), format: 'hex' }
      : (rule as IvSource);
  return Object.freeze({
    ...given,
    key: given.key ?? randomBytesAs(keyFormat, keyLengths[given.algorithm ?? ''] ?? 32),
    keyFormat,
    iv: Object.freeze({ ...iv }),
  });
}
