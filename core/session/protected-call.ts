import { PartnerAuthError } from '../errors.ts';
import type { PartnerAnswer, PartnerCalls, PartnerRequest } from '../exchange/partner-calls.ts';
import type { SendOptions } from '../transport/http.ts';

/** What a protected call needs from the session. */
export interface TokenSource {
  /** A usable access token, refreshed when due. */
  accessToken(): Promise<string>;
  /** The access token at hand, without asking anybody. */
  current(): string | undefined;
  refresh(): Promise<unknown>;
}

/**
 * Makes a protected call; when its token is refused, refreshes once unless the token was replaced meanwhile, and repeats the
 * call once.
 */
export async function protectedCall(
  calls: PartnerCalls,
  tokens: TokenSource,
  request: PartnerRequest,
  options: SendOptions,
): Promise<PartnerAnswer> {
  const token = await tokens.accessToken();
  const first = await answered(calls.request(request, token, options));
  if (!first.tokenRefused) return first.answer;
  try {
    if (tokens.current() === token) await tokens.refresh();
  } catch (error) {
    if (error instanceof PartnerAuthError && error.code === 'aborted') throw error;
    return first.answer;
  }
  const fresh = tokens.current();
  if (fresh === undefined || fresh === token) return first.answer;
  return (await answered(calls.request(request, fresh, options))).answer;
}

async function answered(result: ReturnType<PartnerCalls['request']>) {
  const outcome = await result;
  if ('error' in outcome) throw outcome.error;
  return outcome;
}
