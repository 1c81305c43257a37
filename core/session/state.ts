import { callSafely } from '../lib/call-safely.ts';
import { steadyNow, type Clock } from '../lib/clock.ts';
import type { PartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { refusedUntil, type StoredSession } from '../stores/stored-record.ts';
import { dueAt, isDue, isUsable, nextChange, phaseOf, type Phase, type TokenState } from '../tokens/expiry.ts';
import { BackOff } from './back-off.ts';
import { isRenewable, type Renewal } from './renewal.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** A snapshot of a session, without secrets. Times are epoch ms. */
export interface SessionStatus {
  /**
   * What the session can do now: `signedOut`, `valid`, `due` (valid, but within the refresh margin), `expired` (the access token; the
   * session can renew it) or `ended` (only a new login helps).
   */
  readonly phase: Phase;
  /** A refresh is in flight. */
  readonly refreshing: boolean;
  /** When the current tokens were requested. */
  readonly issuedAt?: number | undefined;
  /** Absent if unknown, or if the session has ended and the partner has refused the access token too. */
  readonly accessExpiresAt?: number | undefined;
  /** Until when the refresh token is valid, after which a new login is required; absent if unknown, or if there is none. */
  readonly refreshExpiresAt?: number | undefined;
  /**
   * False if the session cannot renew its access token, because there is no refresh token or no refresh call: it ends at
   * `accessExpiresAt`. Absent otherwise.
   */
  readonly renewable?: false | undefined;
  /** The account that is signed in, if the partner definition names its field. */
  readonly account?: string | undefined;
  /**
   * True with phase `ended` while the refused refresh token is kept: `refresh()` asks the partner once more, and the session
   * continues if it is granted.
   */
  readonly refused?: true | undefined;
  /** Why the last refresh or save failed; absent after the next success. */
  readonly lastError?: PartnerAuthError | undefined;
  /** Whether the tokens could not be saved, so that they are lost when this process ends; absent if they are saved. */
  readonly unsaved?: true | undefined;
  /** The connection to the partner is not encrypted: `baseUrl` is `http`, permitted by `allowHttp`. */
  readonly unencrypted?: true | undefined;
  /** The absolute path of the file that the session is stored in; absent for stores without one. */
  readonly storePath?: string | undefined;
}

/** The session as this process holds it. */
export interface LocalState {
  readonly record: StoredSession | undefined;
  /** The record is newer than the stored one, because it could not be saved. */
  readonly unsaved: boolean;
  /** The id of the session that an unsaved login was meant to replace. */
  readonly replaced: string | undefined;
  /** No token of the session has ever been in the store, so that no other process can have it. */
  readonly neverStored: boolean;
}

/** What determines when tokens are refreshed. */
export interface RefreshRule {
  /** Refresh margin, ms. */
  readonly margin: number;
  /** Called when the token set is due; undefined without `autoRefresh`. */
  readonly onDue: (() => void) | undefined;
}

export interface StateOptions extends RefreshRule {
  readonly renewal: Renewal;
  readonly isUnencrypted: boolean;
  readonly storePath: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The share of the margin over which the automatic refreshes of sibling processes are spread. */
const jitterShare = 0.1;

/** The local session, the listeners for its changes, and its timer. */
export class SessionState implements LocalState {
  refreshing = false;
  lastError: PartnerAuthError | undefined;
  readonly backOff: BackOff;
  readonly #options: StateOptions;
  #rule: RefreshRule;
  readonly #scheduler: Scheduler;
  readonly #jitter = Math.random() * jitterShare;
  readonly #listeners = new Set<(status: SessionStatus) => void>();
  #record: StoredSession | undefined;
  #unsaved = false;
  #replaced: string | undefined;
  #neverStored = false;
  #now: () => number;
  #notifiedStatus = '';
  #stopped = false;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#rule = options;
    this.backOff = new BackOff(options.clock);
    this.#now = steadyNow(options.clock);
    this.#scheduler = createScheduler(
      options.clock,
      () => this.#now(),
      () => this.#onTime(),
    );
  }

  get record(): StoredSession | undefined {
    return this.#record;
  }

  get unsaved(): boolean {
    return this.#unsaved;
  }

  get replaced(): string | undefined {
    return this.#replaced;
  }

  get neverStored(): boolean {
    return this.#neverStored;
  }

  /** Epoch ms, for comparison with the times of the record. */
  now(): number {
    return this.#now();
  }

  isDue(now = this.#now()): boolean {
    if (this.#record === undefined) return false;
    const { tokens } = this.#record;
    return this.#isRenewable ? isDue(tokens, now, this.#rule.margin) : !isUsable(tokens, now);
  }

  status(): SessionStatus {
    const { issuedAt, accessExpiresAt, refreshExpiresAt } = this.#record?.tokens ?? {};
    const now = this.#now();
    return {
      phase: phaseOf(this.#tokenState, now, this.#rule.margin),
      refreshing: this.refreshing,
      ...(issuedAt !== undefined && { issuedAt }),
      ...(accessExpiresAt !== undefined && this.#record?.ended?.accessRefused !== true && { accessExpiresAt }),
      ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
      ...(this.#record !== undefined &&
        this.#record.ended === undefined &&
        !this.#isRenewable && { renewable: false as const }),
      ...(this.#record?.account !== undefined && { account: this.#record.account }),
      ...(now < (this.#refusedUntil ?? -Infinity) && { refused: true }),
      ...(this.lastError !== undefined && { lastError: this.lastError }),
      ...(this.#unsaved && { unsaved: true }),
      ...(this.#options.isUnencrypted && { unencrypted: true }),
      ...(this.#options.storePath !== undefined && { storePath: this.#options.storePath }),
    };
  }

  /** Applies changed options at once: tokens may be due now, and listeners are notified if the status changes. */
  configure(changes: Partial<RefreshRule>): void {
    this.#rule = { ...this.#rule, ...changes };
    this.notify();
  }

  adopt(record: StoredSession | undefined, unsaved = false): void {
    if (record?.tokens.accessToken !== this.#record?.tokens.accessToken) {
      // The times of new tokens are based on the current wall clock. From now on, their age must never decrease.
      this.#now = steadyNow(this.#options.clock);
      this.backOff.reset();
    }
    if (!unsaved || record?.sessionId !== this.#record?.sessionId) {
      this.#replaced = undefined;
      this.#neverStored = false;
    }
    // It was about a session that is gone.
    if (record === undefined) this.lastError = undefined;
    this.#record = record;
    this.#unsaved = unsaved;
    this.notify();
  }

  /** A login that could not be saved. */
  adoptUnsaved(record: StoredSession, replaced: string | undefined): void {
    this.adopt(record, true);
    this.#replaced = replaced;
    this.#neverStored = true;
  }

  markUnsaved(): void {
    this.#unsaved = this.#record !== undefined;
  }

  recordSuccess(): void {
    this.lastError = undefined;
    this.backOff.reset();
  }

  recordFailure(error: PartnerAuthError | undefined): void {
    this.lastError = error;
    this.backOff.fail(error);
  }

  subscribe(listener: (status: SessionStatus) => void): () => void {
    // The other listeners must not miss a change that has not been notified yet.
    if (this.#listeners.size === 0) this.#notifiedStatus = serialize(this.status());
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      this.#schedule();
    };
  }

  /** Notifies the listeners if the status has changed, and schedules the next change by time. */
  notify(): void {
    this.#schedule();
    if (this.#listeners.size === 0) return;
    const status = this.status();
    if (serialize(status) === this.#notifiedStatus) return;
    this.#notifiedStatus = serialize(status);
    // Copies, since a listener may subscribe another one or modify what it receives.
    for (const listener of [...this.#listeners]) {
      callSafely(
        () => listener({ ...status }),
        () => this.#options.log.error('A listener for "change" failed.'),
      );
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#scheduler.schedule(undefined);
    this.#listeners.clear();
  }

  #onTime(): void {
    const refreshAt = this.#refreshAt();
    if (refreshAt !== undefined && this.#now() >= refreshAt) this.#rule.onDue?.();
    this.notify();
  }

  /** When to refresh automatically, epoch ms. */
  #refreshAt(): number | undefined {
    const { tokens } = this.#record ?? {};
    if (this.#rule.onDue === undefined || tokens === undefined || !this.#isRenewable) return undefined;
    const due = dueAt(tokens, this.#rule.margin);
    if (due === undefined || this.refreshing) return undefined;
    const time = due + this.#jitter * ((tokens.accessExpiresAt ?? due) - due);
    const { remaining } = this.backOff;
    return remaining === 0 ? time : Math.max(time, this.#now() + remaining);
  }

  get #isRenewable(): boolean {
    return this.#record !== undefined && isRenewable(this.#record, this.#options.renewal);
  }

  get #tokenState(): TokenState | undefined {
    return this.#record && { tokens: this.#record.tokens, ended: this.#record.ended, renewable: this.#isRenewable };
  }

  get #refusedUntil(): number | undefined {
    return this.#record && refusedUntil(this.#record);
  }

  #schedule(): void {
    const isNeeded = !this.#stopped && (this.#rule.onDue !== undefined || this.#listeners.size > 0);
    const now = this.#now();
    const change = nextChange(this.#tokenState, now, this.#rule.margin);
    const forgotten = this.#refusedUntil;
    const time = Math.min(
      this.#refreshAt() ?? Infinity,
      change ?? Infinity,
      forgotten !== undefined && forgotten > now ? forgotten : Infinity,
    );
    this.#scheduler.schedule(isNeeded && time !== Infinity ? time : undefined);
  }
}

function serialize(status: SessionStatus): string {
  return JSON.stringify(status);
}
