import type { AuthCall, CallKind, PartnerDefinition, ResponseShape } from './definition.ts';
import { authCallOf } from './renewal.ts';

/** Where the responses to a call hold what the session reads: as the definition states, or the call in its own `response`. */
export function responseShapeOf(definition: PartnerDefinition, kind: CallKind): ResponseShape {
  const call = kind === 'request' ? undefined : authCallOf(definition, kind);
  return call === undefined ? definition.response : callResponse(definition, call);
}

export function callResponse({ response }: Pick<PartnerDefinition, 'response'>, call: AuthCall): ResponseShape {
  return call.response === undefined ? response : { ...response, ...call.response };
}
