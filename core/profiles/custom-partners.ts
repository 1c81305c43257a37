import { isPartnerAuthError } from '../lib/errors.ts';
import { definePartner } from '../partners/define-partner.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { partners } from '../partners/index.ts';
import { partnerSchema } from '../partners/schema.ts';
import { fieldProblem, problems, schemaProblem, type FieldProblem, type ProfileProblem } from './problems.ts';
import type { KnownPartners } from './profile.ts';

/** The built-in partners and the valid ones of the setting `partnerAuth.partners` by id, and all problems found. */
export function parsePartners(setting: unknown): {
  readonly known: KnownPartners;
  readonly problems: readonly ProfileProblem[];
} {
  const known: Record<string, PartnerDefinition> = { ...partners };
  const found: ProfileProblem[] = [];
  if (setting !== undefined && !Array.isArray(setting)) {
    return { known, problems: [{ name: '', of: 'partner', ...fieldProblem('', problems.list) }] };
  }
  for (const [index, value] of ((setting ?? []) as PartnerDefinition[]).entries()) {
    const report = (problem: FieldProblem): void =>
      void found.push({ name: nameOf(value) ?? `#${index + 1}`, of: 'partner', ...problem });
    try {
      const definition = definePartner(value);
      if (Object.hasOwn(known, definition.id)) report(fieldProblem('id', problems.duplicatePartner));
      else known[definition.id] = definition;
    } catch (error) {
      const path = isPartnerAuthError(error) ? (error.setting ?? '').replace(/^partner\.?/, '') : '';
      const found = path === '' ? undefined : schemaProblem(partnerSchema, value);
      report(found !== undefined && found.values.length > 0 ? found : fieldProblem(path, problems.invalid));
    }
  }
  return { known, problems: found };
}

function nameOf(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined;
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined;
}
