import { readFileSync } from 'node:fs';
import { definePartner, type PartnerDefinition } from '../../core/index.ts';
import { codeBlocks } from './markdown.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const block = codeBlocks(readme).find(({ name }) => name === 'A partner of your own: json 1');
if (block === undefined) throw new Error('The README has no partner definition.');

/** ACME Pay, the fictional partner of the README, from its JSON. */
export const acmePay: PartnerDefinition = definePartner(JSON.parse(block.code) as PartnerDefinition);

/** A mutable copy of the definition, for tests that break one part of it. */
export function acmePayJson(): Record<string, unknown> {
  return structuredClone(acmePay) as unknown as Record<string, unknown>;
}
