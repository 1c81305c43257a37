import { randomBytes } from 'node:crypto';
import { callSafely } from '../lib/call-safely.ts';
import type { Clock } from '../lib/clock.ts';
import { withSuggestions } from '../lib/did-you-mean.ts';
import {
  buildProfiles,
  completeAccounts,
  sandboxPartners,
  type SandboxAccounts,
  type SandboxDefinitionProfile,
  type SandboxProfiles,
} from './accounts.ts';
import type { SandboxClientCertificates } from './certificates.ts';
import { sandboxClock } from './clock.ts';
import { completeDefinedAccount, type SandboxDefinition } from './definitions/account.ts';
import { createDefinedPartner } from './definitions/defined-partner.ts';
import { checkConflicts } from './definitions/routes.ts';
import type { PartnerServer, SandboxPartner, SandboxPartnerId, SandboxRestart } from './http/exchange.ts';
import { FaultQueue, type SandboxFault, type SandboxFaultTarget } from './http/faults.ts';
import { Journal, type SandboxJournalEntry } from './http/journal.ts';
import { listen } from './http/server.ts';
import { simulators } from './partners/index.ts';
import type { PartnerContext, PartnerSimulator, SandboxAccount } from './partners/partner.ts';
import { changeScenarios, type SandboxScenarios } from './scenarios.ts';
import { TokenFamilies } from './tokens/families.ts';
import { processRsaKey, type TokenKey } from './tokens/jwt.ts';

/** Options of `startSandbox()`: its scenarios, and what cannot change while it runs. */
export interface SandboxOptions extends Partial<SandboxScenarios> {
  /** Port on 127.0.0.1, 0 to 65535. Default 0: the system chooses a free port. */
  readonly port?: number;
  /** TLS with a certificate of the sandbox's own authority (see `Sandbox.ca`). Default false. */
  readonly https?: boolean;
  /** Require a client certificate that the sandbox's own authority has signed; requires `https`. Default false. */
  readonly clientCertificate?: boolean;
  /** Fixes parts of the partners' accounts. Default: random at every start. */
  readonly accounts?: SandboxAccounts;
  /**
   * Additional partners, each served from its definition on the same port. What a definition does not specify is the sandbox's own
   * choice: access tokens live 3,600 s, refresh tokens 30 days, and a refresh token that is used a second time is refused (`strict`).
   * The scenarios `twoFactor` and `captcha` turn on its one-time code and captcha.
   */
  readonly definitions?: readonly SandboxDefinition[];
  /** The time that its clock starts from and follows, epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /** Called with every new journal entry. */
  readonly onRequest?: (entry: SandboxJournalEntry) => void;
}

/** A running partner server. */
export interface Sandbox extends AsyncDisposable {
  /** Its origin: `http://127.0.0.1:<port>`, or `https:`. */
  readonly url: string;
  /** PEM of its certificate authority. Only with https. */
  readonly ca?: string;
  /** To try what a client reports: the profiles have the `valid` one. Only with the option `clientCertificate`. */
  readonly clientCertificates?: SandboxClientCertificates;
  /** The options of `openSession()` for each partner, with the credentials of its account. */
  readonly profiles: SandboxProfiles;
  /**
   * The profile of a partner of `definitions`.
   *
   * @throws TypeError if there is no definition with this id.
   */
  profileOf(id: string): SandboxDefinitionProfile;
  /**
   * The newest 1,000 requests, oldest first, and of them at most 8 MiB of headers and bodies: `onRequest` gets every one. A
   * request that alone is larger is recorded without its body and payload.
   */
  readonly journal: readonly SandboxJournalEntry[];
  /** The current scenarios. */
  readonly scenarios: SandboxScenarios;
  /** Changes scenarios for future requests. Tokens that are already issued keep their lifetimes. */
  set(changes: Partial<SandboxScenarios>): void;
  /** Injects a fault into the next matching request, or the next `times` of them. Several faults apply in the order of the calls. */
  fail(fault: SandboxFault, target?: SandboxFaultTarget): void;
  /** Removes all pending faults. Scenarios stay. */
  heal(): void;
  /**
   * Its clock, for `openSession()` and stores. They then see the same time as the partner: `advance()` moves the expiry of their
   * tokens and calls their timers. Without it, a session notices an expired token by the partner's refusal.
   */
  readonly clock: Clock;
  /**
   * Moves its clock forward, or back if negative; a session never goes back.
   *
   * @throws TypeError unless `seconds` is a finite number.
   */
  advance(seconds: number): void;
  /** The time on its clock, epoch milliseconds. */
  now(): number;
  /** The tokens that this partner issued last. Undefined before the first sign-in. */
  tokens(partner: SandboxPartnerId):
    | {
        /** The current access token. */
        readonly accessToken: string;
        /** The current refresh token. */
        readonly refreshToken: string;
      }
    | undefined;
  /** Ends every session of this partner's account, access tokens included. */
  revoke(partner: SandboxPartnerId): void;
  /**
   * Restarts the partners' servers, without closing connections. Cloudreve forgets its captchas; after a `hard` stop, such as a crash, also
   * its sign-outs, so that refresh tokens that they revoked work again, and the logins that wait for a one-time code.
   */
  restart(how: SandboxRestart): void;
  /** The current one-time code, by default Cloudreve's: six digits (RFC 6238, 30 s). */
  oneTimeCode(partner?: SandboxPartnerId): string;
  /** The text of the captcha with this ticket. Undefined if the ticket is unknown or used. */
  captchaText(ticket: string): string | undefined;
  /** Empties the journal. */
  clearJournal(): void;
  /** Closes every connection and cancels every timer at once. Can be called again. */
  close(): Promise<void>;
}

/**
 * Starts a partner server on 127.0.0.1 that implements TCONNECT, BizMail, Cloudreve v4 and the partners in `definitions`: it decrypts
 * and checks requests, and signs and rotates tokens. So that no web page can reach it, it refuses a request with an `Origin` header
 * (403), and one whose `Host` header is not a loopback name or address (421).
 *
 * @throws TypeError for an unknown option, a value out of range, or a definition whose path or id belongs to another partner.
 * @throws PartnerAuthError `configuration` for an invalid definition, as `definePartner()` does.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new TypeError('The options of startSandbox() must be an object.');
  const { port = 0, https = false, accounts: accountOverrides = {}, definitions = [], ...others } = options;
  const { clientCertificate = false, clock: baseClock = () => Date.now(), onRequest, ...changes } = others;
  let scenarios = changeScenarios(changes);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError('Sandbox option port must be an integer from 0 to 65535.');
  checkCertificateOption(scenarios, https);
  if (clientCertificate && !https) throw new TypeError('Sandbox option clientCertificate requires https: true.');
  const accounts = completeAccounts(accountOverrides);
  const definedAccounts = definitions.map(completeDefinedAccount);
  const clock = sandboxClock(baseClock, scenarios.clockRate);
  const faults = new FaultQueue();
  const journal = new Journal();
  const families = new Map<string, TokenFamilies>();
  const shared = { now: clock.now, scenarios: () => scenarios };

  const [rsaKey, certificates, clientCertificates] = await Promise.all([
    processRsaKey(),
    https ? import('./certificates.ts').then(({ processCertificates }) => processCertificates()) : undefined,
    clientCertificate
      ? import('./certificates.ts').then(({ processClientCertificates }) => processClientCertificates())
      : undefined,
  ]);
  const createContext = <Account>(id: string, account: Account, key: TokenKey): PartnerContext<Account> => {
    const partnerFamilies = new TokenFamilies();
    families.set(id, partnerFamilies);
    return { ...shared, account, families: partnerFamilies, key };
  };
  const builtIn = sandboxPartners.map((id: SandboxPartner): PartnerServer => {
    // The type of the list cannot express that each simulator takes its own partner's account.
    const simulator = simulators[id] as PartnerSimulator<object, SandboxAccount>;
    return simulator.create(
      createContext(id, accounts[id], simulator.tokenAlgorithm === 'RS256' ? rsaKey : createSecretKey()),
    );
  });
  const partners = [
    ...builtIn,
    ...definedAccounts.map((account) =>
      createDefinedPartner(createContext(account.definition.id, account, createSecretKey())),
    ),
  ];
  checkConflicts(partners);
  const server = await listen(
    {
      partners,
      faults,
      now: clock.now,
      delay: () => scenarios.delay,
      tls: certificates?.[scenarios.certificate],
      clientCa: clientCertificate ? certificates?.ca : undefined,
      record: (exchange) => {
        const entry = journal.add(exchange, clock.now());
        if (onRequest !== undefined) callSafely(() => onRequest(entry));
      },
    },
    port,
  );
  const url = `${https ? 'https' : 'http'}://127.0.0.1:${server.port}`;
  const ca = certificates?.ca;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= server.close());
  const requirePartner = <Partner>(partner: Partner | undefined, id: string): Partner => {
    if (partner === undefined) throw new TypeError(`The sandbox has no partner ${JSON.stringify(id)}.`);
    return partner;
  };

  const profiles = buildProfiles(accounts, definedAccounts, {
    baseUrl: url,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificates === undefined ? {} : { clientCertificate: clientCertificates.valid }),
  });

  return withSuggestions('The sandbox', {
    url,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificates === undefined ? {} : { clientCertificates }),
    profiles: withSuggestions('profiles', profiles),
    profileOf: (id) =>
      requirePartner(definedAccounts.some(({ definition }) => definition.id === id) ? profiles[id] : undefined, id),
    journal: journal.entries,
    get scenarios() {
      return scenarios;
    },
    set(changes) {
      const after = changeScenarios(changes, scenarios);
      checkCertificateOption(after, https);
      if (after.clockRate !== scenarios.clockRate) clock.setRate(after.clockRate);
      if (certificates !== undefined && after.certificate !== scenarios.certificate) {
        server.useCertificate(certificates[after.certificate]);
      }
      scenarios = after;
    },
    fail(fault, target = {}) {
      if (target.partner !== undefined) requirePartner(families.get(target.partner), target.partner);
      faults.add(fault, target);
    },
    heal: () => faults.clear(),
    clock,
    advance(seconds) {
      if (!Number.isFinite(seconds)) throw new TypeError('advance() requires a number of seconds.');
      clock.advance(seconds);
    },
    now: clock.now,
    tokens: (partner) => requirePartner(families.get(partner), partner).current,
    revoke: (partner) => requirePartner(families.get(partner), partner).revokeAll(),
    restart(how) {
      if (!['soft', 'hard'].includes(how)) throw new TypeError("The sandbox restarts 'soft' or 'hard'.");
      for (const partner of partners) partner.restart?.(how);
    },
    oneTimeCode: (partner = 'cloudreve') =>
      requirePartner(partners.find(({ id }) => id === partner)?.oneTimeCode, partner)(),
    captchaText: (ticket) =>
      partners.map(({ captchaText }) => captchaText?.(ticket)).find((text) => text !== undefined),
    clearJournal: () => journal.clear(),
    close,
    [Symbol.asyncDispose]: close,
  } satisfies Sandbox);
}

function createSecretKey(): TokenKey {
  return { algorithm: 'HS256', secret: randomBytes(32) };
}

function checkCertificateOption({ certificate }: SandboxScenarios, https: boolean): void {
  if (certificate !== 'valid' && !https) throw new TypeError('Sandbox option certificate requires https: true.');
}
