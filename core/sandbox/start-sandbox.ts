import { randomBytes } from 'node:crypto';
import {
  buildProfiles,
  completeAccounts,
  sandboxPartners,
  type SandboxAccounts,
  type SandboxProfiles,
} from './accounts.ts';
import { SandboxClock } from './clock.ts';
import { completeDefined, type SandboxDefinition } from './definitions/account.ts';
import { createDefinedPartner } from './definitions/defined-partner.ts';
import { refuseClashes } from './definitions/routes.ts';
import type { PartnerServer, SandboxPartner, SandboxPartnerId } from './http/exchange.ts';
import { FaultQueue, type SandboxFault, type SandboxFaultTarget } from './http/faults.ts';
import { journalEntry, type SandboxJournalEntry } from './http/journal.ts';
import { listen } from './http/server.ts';
import { twins } from './partners/index.ts';
import type { PartnerParts, SandboxAccount, SandboxTwin } from './partners/partner.ts';
import { changeScenarios, type SandboxScenarios } from './scenarios.ts';
import { TokenFamilies } from './tokens/families.ts';
import { processRsaKey, type TokenKey } from './tokens/jwt.ts';

export interface SandboxOptions extends Partial<SandboxScenarios> {
  /** Port on 127.0.0.1, 0 to 65535. Default 0: the system chooses. */
  readonly port?: number;
  /** TLS with a certificate of the sandbox's own authority, whose PEM is `ca`. Default false. */
  readonly https?: boolean;
  /** Fixes parts of the partners' accounts. Default: random at every start. */
  readonly accounts?: SandboxAccounts;
  /**
   * Further partners, each played as its definition says, on the same port. What a definition leaves open is the sandbox's own choice:
   * access tokens live 3,600 s, refresh tokens 30 days, and one that is used a second time is refused (`strict`). Its one-time code and
   * captcha are asked for by the scenarios `twoFactor` and `captcha`.
   */
  readonly definitions?: readonly SandboxDefinition[];
  /** The base clock, epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /** Told of every journal entry as it is made. */
  readonly onRequest?: (entry: SandboxJournalEntry) => void;
}

/** A running partner server. */
export interface Sandbox extends AsyncDisposable {
  /** Its origin: `http://127.0.0.1:<port>`, or https. */
  readonly url: string;
  /** PEM of its certificate authority; only with https. */
  readonly ca?: string;
  readonly profiles: SandboxProfiles;
  /** Every request so far, oldest first; grows while the sandbox runs. */
  readonly journal: readonly SandboxJournalEntry[];
  /** How it behaves now. */
  readonly scenarios: SandboxScenarios;
  /** Changes scenarios for the requests from now on; tokens already issued keep their lifetimes. */
  set(changes: Partial<SandboxScenarios>): void;
  /** Plays a fault on the next request (or the next `times`) that fits. Several faults are played in the order given. */
  fail(fault: SandboxFault, target?: SandboxFaultTarget): void;
  /** Forgets the faults not yet played; scenarios stay. */
  heal(): void;
  /** Its clock jumps forward, or back when negative. */
  advance(seconds: number): void;
  /** Its time, epoch milliseconds. */
  now(): number;
  /** The tokens that this partner issued last, or undefined before the first sign-in. */
  tokens(partner: SandboxPartnerId): { readonly accessToken: string; readonly refreshToken: string } | undefined;
  /** Ends every session of this partner's account, access tokens included. */
  revoke(partner: SandboxPartnerId): void;
  /** The one-time code of now, Cloudreve's by default: six digits (RFC 6238, 30 s). */
  oneTimeCode(partner?: SandboxPartnerId): string;
  /** What the captcha of this ticket shows; undefined when it is unknown or used. */
  captchaText(ticket: string): string | undefined;
  /** Empties the journal. */
  clearJournal(): void;
  /** Ends every connection and timer at once; may be called again. */
  close(): Promise<void>;
}

/**
 * Starts a partner server on 127.0.0.1 that speaks TCONNECT, BizMail and Cloudreve v4 for real, and whatever `definitions` describe: it
 * decrypts, checks, signs and rotates.
 *
 * Throws a TypeError for an unknown option, a value out of its range, or a definition whose path or id is another partner's; and what
 * `definePartner()` throws for a definition that is none.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, https = false, accounts: given = {}, definitions = [], ...others } = options;
  const { clock: base = Date.now, onRequest, ...changes } = others;
  let scenarios = changeScenarios(changes);
  refuseCertificateWithoutTls(scenarios, https);
  const accounts = completeAccounts(given);
  const definedAccounts = definitions.map(completeDefined);
  const clock = new SandboxClock(base, scenarios.clockRate);
  const faults = new FaultQueue();
  const journal: SandboxJournalEntry[] = [];
  const families = new Map<string, TokenFamilies>();
  const shared = { now: clock.now, scenarios: () => scenarios };

  const [rsaKey, certificates] = await Promise.all([
    processRsaKey(),
    https ? import('./certificates.ts').then(({ processCertificates }) => processCertificates()) : undefined,
  ]);
  const parts = <Account>(id: string, account: Account, key: TokenKey): PartnerParts<Account> => {
    const own = new TokenFamilies();
    families.set(id, own);
    return { ...shared, account, families: own, key };
  };
  const builtIn = sandboxPartners.map((id: SandboxPartner): PartnerServer => {
    // The types of an account and of its twin belong together, which a list of them cannot express.
    const twin = twins[id] as SandboxTwin<object, SandboxAccount>;
    return twin.create(parts(id, accounts[id], twin.tokenAlgorithm === 'RS256' ? rsaKey : secretKey()));
  });
  const partners = [
    ...builtIn,
    ...definedAccounts.map((account) => createDefinedPartner(parts(account.definition.id, account, secretKey()))),
  ];
  refuseClashes(partners);
  const server = await listen(
    {
      partners,
      faults,
      now: clock.now,
      delay: () => scenarios.delay,
      tls: certificates?.[scenarios.certificate],
      record: (exchange) => {
        const entry = journalEntry(exchange, clock.now());
        journal.push(entry);
        onRequest?.(entry);
      },
    },
    port,
  );
  const url = `${https ? 'https' : 'http'}://127.0.0.1:${server.port}`;
  const ca = certificates?.ca;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= server.close());
  const known = <Partner>(partner: Partner | undefined, id: string): Partner => {
    if (partner === undefined) throw new TypeError(`The sandbox plays no partner ${JSON.stringify(id)}`);
    return partner;
  };

  return {
    url,
    ...(ca === undefined ? {} : { ca }),
    profiles: buildProfiles(accounts, definedAccounts, url, ca),
    journal,
    get scenarios() {
      return scenarios;
    },
    set(next) {
      const after = changeScenarios(next, scenarios);
      refuseCertificateWithoutTls(after, https);
      if (after.clockRate !== scenarios.clockRate) clock.setRate(after.clockRate);
      if (certificates !== undefined && after.certificate !== scenarios.certificate) {
        server.useCertificate(certificates[after.certificate]);
      }
      scenarios = after;
    },
    fail(fault, target = {}) {
      if (target.partner !== undefined) known(families.get(target.partner), target.partner);
      faults.add(fault, target);
    },
    heal: () => faults.clear(),
    advance: (seconds) => clock.advance(seconds),
    now: clock.now,
    tokens: (partner) => known(families.get(partner), partner).current,
    revoke: (partner) => known(families.get(partner), partner).revokeAll(),
    oneTimeCode: (partner = 'cloudreve') => known(partners.find(({ id }) => id === partner)?.oneTimeCode, partner)(),
    captchaText: (ticket) =>
      partners.map(({ captchaText }) => captchaText?.(ticket)).find((text) => text !== undefined),
    clearJournal: () => void journal.splice(0),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function secretKey(): TokenKey {
  return { algorithm: 'HS256', secret: randomBytes(32) };
}

function refuseCertificateWithoutTls({ certificate }: SandboxScenarios, https: boolean): void {
  if (certificate !== 'valid' && !https) throw new TypeError('Sandbox option certificate needs https: true');
}
