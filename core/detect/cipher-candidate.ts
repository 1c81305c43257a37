import type { CipherSettings } from '../cipher/settings.ts';
import type { PayloadKind, Reason } from './verdict.ts';

export interface CipherCandidate {
  /** All but the key. A fixed IV is in it: treat it as a secret. */
  readonly settings: Omit<CipherSettings, 'key'>;
  readonly payload: PayloadKind;
  /** What speaks for it. */
  readonly reasons: readonly Reason[];
  /** To compare candidates of one sample; equal scores can not be told apart by this sample. */
  readonly score: number;
}
