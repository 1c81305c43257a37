import type { PartnerDefinition } from '../partners/definition.ts';
import type { SandboxClientCertificate } from './certificates.ts';
import type { SandboxCipher, SandboxCipherSettings } from './codec/settings.ts';
import type { DefinedAccount, SandboxClient } from './definitions/account.ts';
import type { SandboxPartner } from './http/exchange.ts';
import { simulators } from './partners/index.ts';
import type { PartnerSimulator, SandboxAccount } from './partners/partner.ts';

type Simulator<Id extends SandboxPartner> = (typeof simulators)[Id];
type Account<Id extends SandboxPartner> = ReturnType<Simulator<Id>['completeAccount']>;

/** The one account at each partner, complete. */
export type Accounts = { readonly [Id in SandboxPartner]: Account<Id> };

/** Fixes parts of the accounts. Everything omitted is random at every start, so that nothing can be hard-coded against it. */
export type SandboxAccounts = { readonly [Id in SandboxPartner]?: Parameters<Simulator<Id>['completeAccount']>[0] };

/** What all profiles of a sandbox have in common. */
interface SandboxConnection {
  /** The address of the sandbox. */
  readonly baseUrl: string;
  /** PEM of the sandbox's own certificate authority. Only with https. */
  readonly ca?: string;
  /** Only if the sandbox requires one. */
  readonly clientCertificate?: SandboxClientCertificate;
}

/** The accessor of a class, because TypeScript leaves it out of a spread object, as it is left out at run time. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- interfaces extend it
declare abstract class HiddenCredentials<Credentials> {
  /** Not enumerable, so that spreading or printing a profile does not reveal the password. */
  abstract get credentials(): Credentials;
}

/** The options of `openSession()` for one partner of the sandbox: `openSession({ ...sandbox.profiles.tconnect })`. */
export interface SandboxProfile<Credentials> extends SandboxConnection, HiddenCredentials<Credentials> {
  /** The id of the partner. */
  readonly partner: SandboxPartner;
  /** Only if the partner requires one. */
  readonly partnerCode?: string;
  /** Only if the partner encrypts payloads. */
  readonly cipher?: SandboxCipher;
}

/** Like `SandboxProfile`, for a partner served from a definition. */
export interface SandboxDefinitionProfile
  extends SandboxConnection, HiddenCredentials<Readonly<Record<string, string>>> {
  /** The definition as passed to `startSandbox()`. */
  readonly partner: PartnerDefinition;
  /** Only if the definition requires one. */
  readonly partnerCode?: string;
  /** Only if the definition encrypts payloads. */
  readonly cipher?: SandboxCipherSettings;
  /** Only if the definition has a `client`. */
  readonly client?: SandboxClient;
}

/** One profile for each built-in partner. */
export type SandboxBuiltInProfiles = {
  readonly [Id in SandboxPartner]: SandboxProfile<Account<Id>['credentials']> &
    Omit<Account<Id>, 'credentials'> & { readonly partner: Id };
};

/** One profile for each built-in partner by name, and for each definition by its id. */
export type SandboxProfiles = SandboxBuiltInProfiles & Readonly<Record<string, SandboxDefinitionProfile>>;

export const sandboxPartners = Object.keys(simulators) as SandboxPartner[];

/** @throws TypeError for an account of an unknown partner. */
export function completeAccounts(overrides: SandboxAccounts): Accounts {
  const unknown = Object.keys(overrides).find((id) => !Object.hasOwn(simulators, id));
  if (unknown !== undefined) throw new TypeError(`The sandbox has no partner ${JSON.stringify(unknown)}.`);
  const completed = sandboxPartners.map((id) => [
    id,
    // The type of the list cannot express that each simulator takes its own partner's overrides.
    (simulators[id] as PartnerSimulator<object, SandboxAccount>).completeAccount(overrides[id] ?? {}),
  ]);
  return Object.fromEntries(completed) as Accounts;
}

export function buildProfiles(
  accounts: Accounts,
  defined: readonly DefinedAccount[],
  shared: SandboxConnection,
): SandboxProfiles {
  const builtIn = sandboxPartners.map((partner) => {
    const { credentials, ...visible }: SandboxAccount = accounts[partner];
    return [partner, withHiddenCredentials({ partner, ...visible, ...shared }, credentials)] as const;
  });
  const byId = defined.map(({ originalDefinition: partner, definition, partnerCode, cipher, client, credentials }) => {
    const settings = {
      partner,
      ...(partnerCode === undefined ? {} : { partnerCode }),
      ...(cipher ? { cipher } : {}),
      ...(client ? { client } : {}),
    };
    return [definition.id, withHiddenCredentials({ ...settings, ...shared }, credentials)] as const;
  });
  return Object.freeze(Object.fromEntries<object>([...builtIn, ...byId])) as SandboxProfiles;
}

function withHiddenCredentials<Visible extends object>(visible: Visible, credentials: object): Visible {
  Object.defineProperty(visible, 'credentials', { value: Object.freeze({ ...credentials }), enumerable: false });
  return Object.freeze(visible);
}
