import { definePartner, type PartnerDefinition } from '../../core/index.ts';
import { blockOf } from './documents.ts';

/** The invented partner of the documents, ACME Pay, as its JSON says. */
export const acmePay: PartnerDefinition = definePartner(
  JSON.parse(blockOf('core/partners/README.md', 'acme-pay.json')) as PartnerDefinition,
);

/** A changeable copy, for definitions that are nearly right. */
export function acmePayJson(): Record<string, unknown> {
  return structuredClone(acmePay) as unknown as Record<string, unknown>;
}
