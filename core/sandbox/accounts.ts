import type { PartnerDefinition } from '../partners/definition.ts';
import type { SandboxCipher, SandboxCipherSettings } from './codec/settings.ts';
import type { DefinedAccount } from './definitions/account.ts';
import type { SandboxPartner } from './http/exchange.ts';
import { randomBytesAs, randomWord } from './random.ts';

export interface TconnectCredentials {
  readonly username: string;
  readonly password: string;
  readonly client_id: string;
  readonly client_secret: string;
}

export interface BizmailCredentials {
  readonly username: string;
  readonly password: string;
}

export interface CloudreveCredentials {
  readonly email: string;
  readonly password: string;
}

/** The one account that each partner knows, in full. */
export interface Accounts {
  readonly tconnect: {
    readonly partnerCode: string;
    readonly cipher: SandboxCipher;
    readonly credentials: TconnectCredentials;
  };
  readonly bizmail: { readonly credentials: BizmailCredentials };
  readonly cloudreve: { readonly credentials: CloudreveCredentials };
}

/** Fixes parts of the accounts; whatever is left out is random at every start, so that nothing can be hard-coded against it. */
export interface SandboxAccounts {
  readonly tconnect?: {
    readonly partnerCode?: string;
    /** A key without `keyFormat` is read as utf8; an IV rule `fixed` without a value gets a random one. */
    readonly cipher?: Partial<Pick<SandboxCipher, 'key' | 'keyFormat' | 'output'>> & {
      readonly iv?: SandboxCipher['iv'] | { readonly from: 'fixed' };
    };
    readonly credentials?: Partial<TconnectCredentials>;
  };
  readonly bizmail?: { readonly credentials?: Partial<BizmailCredentials> };
  readonly cloudreve?: { readonly credentials?: Partial<CloudreveCredentials> };
}

/** What `openSession` needs to talk to one partner of the sandbox: `openSession({ ...sandbox.profiles.tconnect })`. */
export interface SandboxProfile<Credentials> {
  readonly partner: SandboxPartner;
  readonly baseUrl: string;
  readonly partnerCode?: string;
  readonly cipher?: SandboxCipher;
  /** PEM of the sandbox's own certificate authority; only with https. */
  readonly ca?: string;
  /** Not enumerable: spreading or printing a profile shows no password. */
  readonly credentials: Credentials;
}

/** As `SandboxProfile`, for a partner by definition. */
export interface SandboxDefinitionProfile {
  /** The definition as it was given. */
  readonly partner: PartnerDefinition;
  readonly baseUrl: string;
  readonly partnerCode?: string;
  readonly cipher?: SandboxCipherSettings;
  readonly ca?: string;
  readonly credentials: Readonly<Record<string, string>>;
}

export interface SandboxBuiltInProfiles {
  readonly tconnect: SandboxProfile<TconnectCredentials> & {
    readonly partnerCode: string;
    readonly cipher: SandboxCipher;
  };
  readonly bizmail: SandboxProfile<BizmailCredentials>;
  readonly cloudreve: SandboxProfile<CloudreveCredentials>;
}

/** The three by name, and one for each definition by its id. */
export type SandboxProfiles = SandboxBuiltInProfiles & Readonly<Record<string, SandboxDefinitionProfile>>;

export function completeAccounts(given: SandboxAccounts): Accounts {
  const { tconnect = {}, bizmail = {}, cloudreve = {} } = given;
  return {
    tconnect: {
      partnerCode: tconnect.partnerCode ?? `SANDBOX-${randomWord(8)}`,
      cipher: completeCipher(tconnect.cipher ?? {}),
      credentials: {
        username: `merchant-${randomWord(6).toLowerCase()}@example.com`,
        password: randomWord(16),
        // As long as those of the login page's samples.
        client_id: randomWord(22),
        client_secret: randomWord(32),
        ...tconnect.credentials,
      },
    },
    bizmail: {
      credentials: {
        username: `mailer-${randomWord(6).toLowerCase()}@example.com`,
        password: randomWord(16),
        ...bizmail.credentials,
      },
    },
    cloudreve: {
      credentials: {
        email: `drive-${randomWord(6).toLowerCase()}@example.com`,
        password: randomWord(16),
        ...cloudreve.credentials,
      },
    },
  };
}

export function buildProfiles(
  accounts: Accounts,
  defined: readonly DefinedAccount[],
  baseUrl: string,
  ca: string | undefined,
): SandboxProfiles {
  const shared = { baseUrl, ...(ca === undefined ? {} : { ca }) };
  const { tconnect, bizmail, cloudreve } = accounts;
  const byId = defined.map(({ given: partner, definition, partnerCode, cipher, credentials }) => {
    const known = { partner, ...(partnerCode === undefined ? {} : { partnerCode }), ...(cipher ? { cipher } : {}) };
    return [definition.id, withHidden({ ...known, ...shared }, credentials)] as const;
  });
  const builtIn: SandboxBuiltInProfiles = {
    tconnect: withHidden(
      { partner: 'tconnect' as const, partnerCode: tconnect.partnerCode, cipher: tconnect.cipher, ...shared },
      tconnect.credentials,
    ),
    bizmail: withHidden({ partner: 'bizmail' as const, ...shared }, bizmail.credentials),
    cloudreve: withHidden({ partner: 'cloudreve' as const, ...shared }, cloudreve.credentials),
  };
  return Object.freeze({ ...builtIn, ...Object.fromEntries(byId) }) as SandboxProfiles;
}

function withHidden<Visible extends object, Credentials>(
  visible: Visible,
  credentials: Credentials,
): Visible & { readonly credentials: Credentials } {
  Object.defineProperty(visible, 'credentials', { value: Object.freeze({ ...credentials }), enumerable: false });
  return Object.freeze(visible) as Visible & { readonly credentials: Credentials };
}

type GivenCipher = NonNullable<NonNullable<SandboxAccounts['tconnect']>['cipher']>;

function completeCipher(given: GivenCipher): SandboxCipher {
  const keyFormat = given.keyFormat ?? (given.key === undefined ? 'hex' : 'utf8');
  const rule = given.iv ?? { from: 'fixed' };
  const iv: SandboxCipher['iv'] = isWholeIv(rule)
    ? rule
    : { from: 'fixed', value: randomBytesAs('hex', 16), format: 'hex' };
  return Object.freeze({
    key: given.key ?? randomBytesAs(keyFormat, 32),
    keyFormat,
    iv: Object.freeze(iv),
    output: given.output ?? 'hex',
  });
}

function isWholeIv(iv: NonNullable<GivenCipher['iv']>): iv is SandboxCipher['iv'] {
  return iv.from !== 'fixed' || 'value' in iv;
}
