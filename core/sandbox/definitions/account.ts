import { definePartner } from '../../partners/define-partner.ts';
import type { CredentialField, PartnerDefinition } from '../../partners/definition.ts';
import { requiresCipher, requiresPartnerCode } from '../../partners/requirements.ts';
import { randomBytesAs, randomWord } from '../random.ts';
import type { IvSource, SandboxCipherSettings } from '../codec/settings.ts';

/** An additional partner that the sandbox serves from its definition. */
export interface SandboxDefinition {
  /** As for `openSession()`. Its paths must not belong to another partner. */
  readonly definition: PartnerDefinition;
  /**
   * How payloads are encrypted, if the definition encrypts any. Defaults: a random key in hex; a random fixed IV in hex, also for the
   * rule `fixed` without a value; for the rest those of the library.
   */
  readonly cipher?: Partial<Omit<SandboxCipherSettings, 'iv'>> & {
    /** Where the IV of each message comes from. */
    readonly iv?:
      | IvSource
      | {
          /** One for all messages, at random. */
          readonly from: 'fixed';
        };
  };
  /** Default: random if the definition contains `{partnerCode}`, else none. */
  readonly partnerCode?: string;
  /** Its OAuth 2.0 client. Default: random if the definition has a `client`, else none. */
  readonly client?: SandboxClient;
  /** Fixes credentials of its account, by field name. Default for each required field: random. */
  readonly credentials?: Readonly<Record<string, string>>;
}

/** A client that is registered with a partner of the sandbox. */
export interface SandboxClient {
  /** Its id. */
  readonly id: string;
  /** Its secret; absent for a client that cannot keep one. */
  readonly secret?: string;
}

/** The one account of a partner that is served from a definition. */
export interface DefinedAccount {
  /** As passed by the caller. */
  readonly originalDefinition: PartnerDefinition;
  /** A validated copy. */
  readonly definition: PartnerDefinition;
  readonly cipher: SandboxCipherSettings | undefined;
  readonly partnerCode: string | undefined;
  readonly client: SandboxClient | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}

const keyLengths: Readonly<Record<string, number>> = { 'aes-128-cbc': 16, 'aes-192-cbc': 24 };

/**
 * Completes the account of a definition with random values.
 *
 * @throws PartnerAuthError `configuration` that names the path of what is invalid in the definition.
 * @throws TypeError for an unknown option.
 */
export function completeDefinedAccount(options: SandboxDefinition): DefinedAccount {
  const { definition: originalDefinition, cipher, partnerCode, client, credentials, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new TypeError(`Unknown option ${JSON.stringify(unknown)} of a sandbox definition.`);
  const definition = definePartner(originalDefinition);
  const needsCode = requiresPartnerCode(definition);
  return {
    originalDefinition,
    definition,
    cipher: cipher !== undefined || requiresCipher(definition) ? completeCipher(cipher ?? {}) : undefined,
    partnerCode: partnerCode ?? (needsCode ? `SANDBOX-${randomWord(8)}` : undefined),
    client:
      client ?? (definition.client && { id: `sandbox-${randomWord(8).toLowerCase()}`, secret: `${randomWord(24)}:+/` }),
    credentials: Object.freeze({
      ...Object.fromEntries(requiredCredentials(definition).map((field) => [field.name, randomCredential(field)])),
      ...credentials,
    }),
  };
}

/** Returns the credentials that every login requires. Those of a later step do not belong to the account. */
export function requiredCredentials({
  credentials,
  oneTimeCode,
  captcha,
}: PartnerDefinition): readonly CredentialField[] {
  const stepFields = [oneTimeCode?.codeField, captcha?.textField, captcha?.ticketField];
  return credentials.filter(({ name, required = true }) => required && !stepFields.includes(name));
}

function randomCredential({ name, account }: CredentialField): string {
  if (account === true || /e-?mail/i.test(name)) return `user-${randomWord(6).toLowerCase()}@example.com`;
  return randomWord(16);
}

function completeCipher(cipher: NonNullable<SandboxDefinition['cipher']>): SandboxCipherSettings {
  const keyFormat = cipher.keyFormat ?? (cipher.key === undefined ? 'hex' : 'utf8');
  const rule = cipher.iv ?? { from: 'fixed' };
  const iv: IvSource =
    rule.from === 'fixed' && !('value' in rule)
      ? { from: 'fixed', value: randomBytesAs('hex', 16), format: 'hex' }
      : (rule as IvSource);
  return Object.freeze({
    ...cipher,
    key: cipher.key ?? randomBytesAs(keyFormat, keyLengths[cipher.algorithm ?? ''] ?? 32),
    keyFormat,
    iv: Object.freeze({ ...iv }),
  });
}
