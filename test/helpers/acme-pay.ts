import { definePartner, type PartnerDefinition } from '../../core/index.ts';
import { blockOf } from './documents.ts';

/** ACME Pay, the fictional partner of the documents, from its JSON. */
export const acmePay: PartnerDefinition = definePartner(
  JSON.parse(blockOf('core/partners/README.md', 'acme-pay.json')) as PartnerDefinition,
);

/** A mutable copy of the definition, for tests that break one part of it. */
export function acmePayJson(): Record<string, unknown> {
  return structuredClone(acmePay) as unknown as Record<string, unknown>;
}
