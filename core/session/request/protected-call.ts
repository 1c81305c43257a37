import type { PartnerCalls, PartnerRequest, RequestResult } from '../../exchange/partner-calls.ts';
import type { PartnerResponse } from '../../exchange/partner-response.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { SendOptions } from '../../transport/http.ts';

/** What a protected call requires from the session. */
interface CallTokens {
  /** A valid access token, refreshed if it is due. */
  accessToken(): Promise<string>;
  /** The current access token; no I/O. */
  current(): string | undefined;
  refresh(): Promise<unknown>;
}

/**
 * Makes a protected call. If the partner refuses the token, refreshes it once, unless it was replaced meanwhile, and
 * repeats the call once.
 */
export async function protectedCall(
  calls: PartnerCalls,
  tokens: CallTokens,
  request: PartnerRequest,
  options: SendOptions,
): Promise<PartnerResponse> {
  const token = await tokens.accessToken();
  const first = responseOf(await calls.request(request, token, options));
  if (!first.tokenRefused) return first.response;
  try {
    if (tokens.current() === token) await tokens.refresh();
  } catch (error) {
    if (error instanceof PartnerAuthError && error.code === 'aborted') throw error;
    return first.response;
  }
  const fresh = tokens.current();
  if (fresh === undefined || fresh === token) return first.response;
  return responseOf(await calls.request(request, fresh, options)).response;
}

function responseOf(result: RequestResult): Extract<RequestResult, { kind: 'response' }> {
  if (result.kind === 'failed') throw result.error;
  return result;
}
