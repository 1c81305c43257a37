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

/** How long a refused token is not refreshed after a fresh one was refused too, in ms. */
const futileFor = 10_000;

/**
 * Remembers which routes have refused a fresh token too, so that the refusal has another reason, such as a missing
 * permission. For the next 10 seconds, a token that they refuse is then not refreshed; after two of them, no refused token is,
 * so that a program that tries many forbidden paths does not cause as many refreshes. Not after one: the refusal of another
 * route may mean that the session was revoked.
 */
export class Refusals {
  readonly #monotonic: () => number;
  readonly #until = new Map<string, number>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  isFutile(request: PartnerRequest): boolean {
    const now = this.#monotonic();
    for (const [route, until] of this.#until) if (now >= until) this.#until.delete(route);
    return this.#until.size > 1 || this.#until.has(routeOf(request));
  }

  add(request: PartnerRequest): void {
    this.#until.set(routeOf(request), this.#monotonic() + futileFor);
  }
}

function routeOf({ method, path }: PartnerRequest): string {
  return `${method} ${path.replace(/\?.*/s, '')}`;
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
    if (tokens.refusals.isFutile(request) && !tokens.hasEnded()) return first.response;
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
  if (second.tokenRefused) tokens.refusals.add(request);
  return second.response;
}

function responseOf<R>(result: RequestResult<R>): Extract<RequestResult<R>, { kind: 'response' }> {
  if (result.kind === 'failed') throw result.error;
  return result;
}
