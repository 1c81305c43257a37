import type { PartnerSession } from '../index.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../gateway/index.ts';
import type { Given } from './grammar/given.ts';
import type { VerbSession } from './profiles.ts';

/** Starts a gateway that passes on the calls that the user allows. */
export function openGateway(session: VerbSession, given: Given, options: GatewayOptions = {}): Promise<Gateway> {
  // It uses of a session only what one of VS Code has too, and checks that it is there.
  return startGateway(session as PartnerSession, {
    readOnly: given.has('read-only'),
    ...(given.has('allow') && { allow: given.list('allow') }),
    ...options,
  });
}
