import { readFileSync } from 'node:fs';
import { definePartner, type PartnerDefinition } from '../../core/index.ts';

/** The definition of a file of `core/partners/examples/`. */
export function exampleDefinition(id: string): PartnerDefinition {
  const path = new URL(`../../core/partners/examples/${id}.json`, import.meta.url);
  const { definition } = JSON.parse(readFileSync(path, 'utf8')) as { readonly definition: PartnerDefinition };
  return definePartner(definition);
}
