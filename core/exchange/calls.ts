import type { Cipher } from '../cipher/cipher.ts';
import type { PartnerAuthError } from '../lib/errors.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse, Transport } from '../transport/http.ts';
import type { AuthExchange, CipherFacts } from './auth-exchange.ts';
import type { Connection } from './connection.ts';

export interface PartnerCallsOptions extends Connection {
  readonly cipher: Cipher | undefined;
  readonly transport: Transport;
  readonly redactor: Redactor;
  /** Receives what is not plausible in a response. */
  readonly warn?: ((message: string) => void) | undefined;
  readonly cipherFacts?: CipherFacts | undefined;
  /** Called after each auth call. The exchange contains its secrets. */
  readonly onExchange?: (exchange: AuthExchange, secrets: readonly string[]) => void;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface CallFailure {
  readonly kind: 'failed';
  readonly error: PartnerAuthError;
  /** The partner may have acted on the call, so its outcome is unknown. */
  readonly inDoubt: boolean;
  /** The partner itself refused a refresh, and no rule says what that means. */
  readonly isUnexplained?: true;
  /** The response has tokens in it, so that the refresh token that was sent has probably been replaced. */
  readonly issued?: true;
  /** The refresh token of a response that is otherwise unusable. */
  readonly replacement?: Partial<Pick<TokenSet, 'refreshToken' | 'refreshExpiresAt'>>;
}

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}
