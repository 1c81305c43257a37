import type { PartnerCalls, PartnerRequest, PartnerResponse, RequestResult } from '../../exchange/partner-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { SendOptions } from '../../transport/http.ts';

/** What a protected call needs from the session. */
interface CallTokens {
  /** A usable access token, refreshed if it is due. */
  accessToken(): Promise<string>;
  /** The access token at hand; no I/O. */
  current(): string | undefined;
  refresh(): Promise<unknown>;
}

/**
 * Makes a protected call; if its token is refused, refreshes once unless the token was replaced meanwhile, and repeats the
 * call once.
 */
export async function protectedCall(
  calls: PartnerCalls,
  tokens: CallTokens,
  request: PartnerRequest,
  options: SendOptions,
): Promise<PartnerResponse> {
  const token = await tokens.accessToken();
  const first = received(await calls.request(request, token, options));
  if (!first.tokenRefused) return first.response;
  try {
    if (tokens.current() === token) await tokens.refresh();
  } catch (error) {
    if (error instanceof PartnerAuthError && error.code === 'aborted') throw error;
    return first.response;
  }
  const fresh = tokens.current();
  if (fresh === undefined || fresh === token) return first.response;
  return received(await calls.request(request, fresh, options)).response;
}

function received(result: RequestResult): Extract<RequestResult, { kind: 'response' }> {
  if (result.kind === 'failed') throw result.error;
  return result;
}
