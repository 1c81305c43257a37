import { readFileSync } from 'node:fs';
import { definePartner, type PartnerDefinition } from '../../core/index.ts';
import { codeBlocks } from './markdown.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const block = codeBlocks(readme).find(({ name }) => name === 'A partner of your own: json 1');
if (block === undefined) throw new Error('The README has no partner definition.');

/** The invented partner of the README, ACME Pay, as its JSON says. */
export const acmePay: PartnerDefinition = definePartner(JSON.parse(block.code) as PartnerDefinition);

/** A changeable copy, for definitions that are nearly right. */
export function acmePayJson(): Record<string, unknown> {
  return structuredClone(acmePay) as unknown as Record<string, unknown>;
}
