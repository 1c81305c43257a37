import { authCalls } from './auth-calls.ts';
import type { PartnerCallsOptions } from './calls.ts';
import { protectedCalls } from './protected-calls.ts';

/** The calls to one partner, as its definition describes them. Stateless: it stores no tokens. */
export function partnerCalls(options: PartnerCallsOptions) {
  return { label: options.definition.label, ...authCalls(options), ...protectedCalls(options) };
}

export type PartnerCalls = ReturnType<typeof partnerCalls>;
