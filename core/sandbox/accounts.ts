import type { PartnerDefinition } from '../partners/definition.ts';
import type { SandboxCipher, SandboxCipherSettings } from './codec/settings.ts';
import type { DefinedAccount } from './definitions/account.ts';
import type { SandboxPartner } from './http/exchange.ts';
import { twins } from './partners/index.ts';
import type { SandboxAccount, SandboxTwin } from './partners/partner.ts';

type Twin<Id extends SandboxPartner> = (typeof twins)[Id];
type Account<Id extends SandboxPartner> = ReturnType<Twin<Id>['completeAccount']>;

/** The one account that each partner knows, in full. */
export type Accounts = { readonly [Id in SandboxPartner]: Account<Id> };

/** Fixes parts of the accounts; whatever is left out is random at every start, so that nothing can be hard-coded against it. */
export type SandboxAccounts = { readonly [Id in SandboxPartner]?: Parameters<Twin<Id>['completeAccount']>[0] };

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

export type SandboxBuiltInProfiles = {
  readonly [Id in SandboxPartner]: SandboxProfile<Account<Id>['credentials']> & Omit<Account<Id>, 'credentials'>;
};

/** The built-in partners by name, and one profile for each definition by its id. */
export type SandboxProfiles = SandboxBuiltInProfiles & Readonly<Record<string, SandboxDefinitionProfile>>;

export const sandboxPartners = Object.keys(twins) as SandboxPartner[];

/** @throws TypeError for an account of a partner that the sandbox does not have. */
export function completeAccounts(given: SandboxAccounts): Accounts {
  const unknown = Object.keys(given).find((id) => !Object.hasOwn(twins, id));
  if (unknown !== undefined) throw new TypeError(`The sandbox has no partner ${JSON.stringify(unknown)}`);
  const completed = sandboxPartners.map((id) => [
    id,
    // A list of twins cannot express that each takes what is given for it.
    (twins[id] as SandboxTwin<object, SandboxAccount>).completeAccount(given[id] ?? {}),
  ]);
  return Object.fromEntries(completed) as Accounts;
}

export function buildProfiles(
  accounts: Accounts,
  defined: readonly DefinedAccount[],
  baseUrl: string,
  ca: string | undefined,
): SandboxProfiles {
  const shared = { baseUrl, ...(ca === undefined ? {} : { ca }) };
  const builtIn = sandboxPartners.map((partner) => {
    const { credentials, ...visible }: SandboxAccount = accounts[partner];
    return [partner, withHidden({ partner, ...visible, ...shared }, credentials)] as const;
  });
  const byId = defined.map(({ given: partner, definition, partnerCode, cipher, credentials }) => {
    const known = { partner, ...(partnerCode === undefined ? {} : { partnerCode }), ...(cipher ? { cipher } : {}) };
    return [definition.id, withHidden({ ...known, ...shared }, credentials)] as const;
  });
  return Object.freeze(Object.fromEntries<object>([...builtIn, ...byId])) as SandboxProfiles;
}

function withHidden<Visible extends object>(visible: Visible, credentials: object): Visible {
  Object.defineProperty(visible, 'credentials', { value: Object.freeze({ ...credentials }), enumerable: false });
  return Object.freeze(visible);
}
