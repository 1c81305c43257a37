import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { Answers } from './wizard.ts';

/** What was entered for a sign-in that did not complete. */
export interface SignInDraft {
  readonly answers: Answers;
  /** Whether to send it again as it is, because only the network or the partner failed. */
  readonly resend: boolean;
}

/** Milliseconds. Long enough to look up a code or to fix a network, and short enough for a password in memory. */
const lifetime = 10 * 60_000;

/** The drafts of all profiles, in the memory of this window only. `now` is in epoch milliseconds. */
export class SignInDrafts {
  readonly #drafts = new Map<string, SignInDraft & { readonly server: string; readonly expiresAt: number }>();

  keep(profile: CheckedProfile, draft: SignInDraft, now: number): void {
    this.#drafts.set(profile.id, { ...draft, server: serverOf(profile), expiresAt: now + lifetime });
  }

  /** Removes and returns the draft of a profile, unless it is too old or was for another server. */
  take(profile: CheckedProfile, now: number): SignInDraft {
    const draft = this.#drafts.get(profile.id);
    this.#drafts.delete(profile.id);
    return draft?.server === serverOf(profile) && now < draft.expiresAt ? draft : { answers: {}, resend: false };
  }

  delete(profileId: string): void {
    this.#drafts.delete(profileId);
  }
}

function serverOf({ origin, partner }: CheckedProfile): string {
  return `${partner} ${origin}`;
}
