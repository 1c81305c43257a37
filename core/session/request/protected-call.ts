import type { PartnerRequest, RequestResult } from '../../exchange/protected-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { SendOptions } from '../../transport/http.ts';
import { isReplayable } from '../../transport/request-body.ts';
import { requiresLogin } from '../refresh/requires-login.ts';

/** What a protected call requires from the session. */
interface CallTokens {
  /** A valid access token, refreshed if it is due. */
  accessToken(): Promise<string>;
  /** The current access token; no I/O. */
  current(): string | undefined;
  /** Refreshes an access token that the partner has refused. */
  refresh(refused: string): Promise<unknown>;
  /** Whether the session has ended, so that a refresh makes no request. */
  hasEnded(): boolean;
  readonly refusals: Refusals;
}

/**
 * Remembers that a fresh token was refused too, so that the refusal has another reason, such as a missing permission.
 * For the next 10 seconds, a refused token is then not refreshed.
 */
export class Refusals {
  readonly #monotonic: () => number;
  #until = -Infinity;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  get areFutile(): boolean {
    return this.#monotonic() < this.#until;
  }

  add(): void {
    this.#until = this.#monotonic() + 10_000;
  }
}

/**
 * Makes a protected call. If the partner refuses the token, refreshes it once, unless it was replaced meanwhile, and
 * repeats the call once, unless its body is a stream, which was read by then.
 *
 * @throws PartnerAuthError if there is no response, or if the refresh proves that only a new login helps. After any other
 * failure of the refresh, the refusal may have another reason, and is returned.
 */
export async function protectedCall<R>(
  send: (request: PartnerRequest, accessToken: string, options: SendOptions) => Promise<RequestResult<R>>,
  tokens: CallTokens,
  request: PartnerRequest,
  options: SendOptions,
): Promise<R> {
  const token = await tokens.accessToken();
  const first = responseOf(await send(request, token, options));
  if (!first.tokenRefused) return first.response;
  if (tokens.current() === token) {
    if (tokens.refusals.areFutile && !tokens.hasEnded()) return first.response;
    try {
      await tokens.refresh(token);
    } catch (error) {
      if (error instanceof PartnerAuthError && (error.code === 'aborted' || requiresLogin(error) || tokens.hasEnded()))
        throw error;
    }
  }
  const fresh = tokens.current();
  if (fresh === undefined || fresh === token || !isReplayable(request.raw?.body)) return first.response;
  const second = responseOf(await send(request, fresh, options));
  if (second.tokenRefused) tokens.refusals.add();
  return second.response;
}

function responseOf<R>(result: RequestResult<R>): Extract<RequestResult<R>, { kind: 'response' }> {
  if (result.kind === 'failed') throw result.error;
  return result;
}
