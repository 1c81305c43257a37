import { steadyNow, type Clock } from '../lib/clock.ts';
import type { PartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { StoredSession } from '../stores/stored-record.ts';
import { dueAt, isDue, nextChange, phaseOf, type Phase } from '../tokens/expiry.ts';
import { scheduler, type Scheduler } from './scheduler.ts';

/** A snapshot without secrets. Times are epoch ms. */
export interface SessionStatus {
  readonly phase: Phase;
  /** A refresh is in flight. */
  readonly refreshing: boolean;
  /** When the present tokens were requested. */
  readonly issuedAt?: number;
  readonly accessExpiresAt?: number;
  /** A new sign-in will be needed then. */
  readonly refreshExpiresAt?: number;
  readonly account?: string;
  /** Why the last refresh or save failed; absent after the next success. */
  readonly lastError?: PartnerAuthError;
}

/** What this process holds of the session. */
export interface LocalState {
  readonly record: StoredSession | undefined;
  /** The record is newer than what the store holds, because saving it failed. */
  readonly unsaved: boolean;
  /** The session that an unsaved login was to replace. */
  readonly replaced: string | undefined;
}

export interface StateOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Refresh margin, ms. */
  readonly margin: number;
  /** Called when the token set is due; undefined without automatic refresh. */
  readonly onDue?: (() => void) | undefined;
}

/** ms without a new attempt after a failed refresh while the access token is still valid; doubles with each failure. */
const coolDown = { first: 1_000, longest: 60_000 };
/** Part of the margin over which automatic refreshes of sibling processes are spread. */
const spread = 0.1;

/** What this process knows of the session, the listeners for its changes, and the one timer that follows it. */
export class SessionState implements LocalState {
  refreshing = false;
  lastError: PartnerAuthError | undefined;
  readonly #options: StateOptions;
  readonly #scheduler: Scheduler;
  readonly #jitter = Math.random() * spread;
  readonly #listeners = new Set<(status: SessionStatus) => void>();
  #record: StoredSession | undefined;
  #unsaved = false;
  #replaced: string | undefined;
  #now: () => number;
  #failures = 0;
  /** On the monotonic clock. */
  #notBefore = -Infinity;
  #announced = '';
  #stopped = false;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#now = steadyNow(options.clock);
    this.#scheduler = scheduler(
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

  /** Epoch ms to compare the record's deadlines with. */
  now(): number {
    return this.#now();
  }

  isDue(now = this.#now()): boolean {
    return this.#record !== undefined && isDue(this.#record.tokens, now, this.#options.margin);
  }

  /** False for a while after a failed refresh. */
  mayRetry(): boolean {
    return this.#options.clock.monotonic() >= this.#notBefore;
  }

  status(): SessionStatus {
    const { issuedAt, accessExpiresAt, refreshExpiresAt } = this.#record?.tokens ?? {};
    return {
      phase: phaseOf(this.#record, this.#now(), this.#options.margin),
      refreshing: this.refreshing,
      ...(issuedAt !== undefined && { issuedAt }),
      ...(accessExpiresAt !== undefined && { accessExpiresAt }),
      ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
      ...(this.#record?.account !== undefined && { account: this.#record.account }),
      ...(this.lastError !== undefined && { lastError: this.lastError }),
    };
  }

  adopt(record: StoredSession | undefined, unsaved = false): void {
    // The tokens' times were taken from the wall clock as it was then: from here on their age only grows.
    if (record?.tokens.accessToken !== this.#record?.tokens.accessToken) this.#now = steadyNow(this.#options.clock);
    if (!unsaved || record?.sessionId !== this.#record?.sessionId) this.#replaced = undefined;
    this.#record = record;
    this.#unsaved = unsaved;
    this.announce();
  }

  /** A login that could not be saved. */
  adoptUnsaved(record: StoredSession, replaced: string | undefined): void {
    this.adopt(record, true);
    this.#replaced = replaced;
  }

  markUnsaved(): void {
    this.#unsaved = this.#record !== undefined;
  }

  succeeded(): void {
    this.lastError = undefined;
    this.#failures = 0;
    this.#notBefore = -Infinity;
  }

  failed(error: PartnerAuthError | undefined): void {
    this.lastError = error;
    const pause = Math.min(coolDown.longest, coolDown.first * 2 ** this.#failures++);
    this.#notBefore = this.#options.clock.monotonic() + pause;
  }

  subscribe(listener: (status: SessionStatus) => void): () => void {
    this.#announced = seen(this.status());
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      this.#schedule();
    };
  }

  /** Notifies the listeners if something they can see has changed, and plans for the next change by time. */
  announce(): void {
    this.#schedule();
    if (this.#listeners.size === 0) return;
    const status = this.status();
    if (seen(status) === this.#announced) return;
    this.#announced = seen(status);
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch {
        this.#options.log.error('A listener for "change" threw an error.');
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#scheduler.plan(undefined);
    this.#listeners.clear();
  }

  #onTime(): void {
    const refreshAt = this.#refreshAt();
    if (refreshAt !== undefined && this.#now() >= refreshAt) this.#options.onDue?.();
    this.announce();
  }

  /** When to refresh without a call. */
  #refreshAt(): number | undefined {
    const { tokens, ended } = this.#record ?? {};
    if (this.#options.onDue === undefined || tokens?.refreshToken === undefined || ended !== undefined)
      return undefined;
    const due = dueAt(tokens, this.#options.margin);
    if (due === undefined || this.refreshing) return undefined;
    const pause = this.#notBefore - this.#options.clock.monotonic();
    return Math.max(due + this.#jitter * ((tokens.accessExpiresAt ?? due) - due), this.#now() + pause);
  }

  #schedule(): void {
    const wanted = !this.#stopped && (this.#options.onDue !== undefined || this.#listeners.size > 0);
    const change = nextChange(this.#record, this.#now(), this.#options.margin);
    const moment = Math.min(this.#refreshAt() ?? Infinity, change ?? Infinity);
    this.#scheduler.plan(wanted && moment !== Infinity ? moment : undefined);
  }
}

function seen(status: SessionStatus): string {
  return JSON.stringify(status);
}
