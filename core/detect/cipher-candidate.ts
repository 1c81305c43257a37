import type { CipherSettings } from '../cipher/settings.ts';
import type { PayloadKind, Reason } from './verdict.ts';

/** Cipher settings that decrypt a sample. */
export interface CipherCandidate {
  /** All settings except the key. They may contain a fixed IV: treat them as a secret. */
  readonly settings: Omit<CipherSettings, 'key'>;
  /** What the decrypted payload is. */
  readonly payload: PayloadKind;
  /** The evidence for these settings. */
  readonly reasons: readonly Reason[];
  /** For comparison with other candidates of the same sample, which cannot distinguish candidates with equal scores. */
  readonly score: number;
}
