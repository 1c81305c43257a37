import type { GatewayOptions } from '../gateway/index.ts';
import type { Given } from './grammar/given.ts';

/** Which calls a gateway passes on. */
export function gatewayRules(given: Given): Pick<GatewayOptions, 'readOnly' | 'allow'> {
  return { readOnly: given.has('read-only'), ...(given.has('allow') && { allow: given.list('allow') }) };
}
