import { definePartner, isPartnerAuthError, partners, type PartnerDefinition } from '../../core/index.ts';
import type { ProfileProblem } from './profile.ts';
import type { Translate } from './translate.ts';

/** The built-in partners and those of the setting `partnerAuth.partners` by id, and what is wrong with the others. */
export function parsePartners(
  setting: unknown,
  t: Translate,
): { readonly known: Readonly<Record<string, PartnerDefinition>>; readonly problems: readonly ProfileProblem[] } {
  const known: Record<string, PartnerDefinition> = { ...partners };
  const problems: ProfileProblem[] = [];
  if (setting !== undefined && !Array.isArray(setting)) {
    return {
      known,
      problems: [{ profile: 'partnerAuth.partners', field: '', message: t('must be a list'), ofPartner: true }],
    };
  }
  for (const [index, value] of ((setting ?? []) as PartnerDefinition[]).entries()) {
    const problem = (field: string, message: string): void =>
      void problems.push({ profile: nameOf(value, index), field, message, ofPartner: true });
    try {
      const definition = definePartner(value);
      if (Object.hasOwn(known, definition.id)) problem('id', t('is used by another partner'));
      else known[definition.id] = definition;
    } catch (error) {
      const path = isPartnerAuthError(error) ? (error.setting ?? '').replace(/^partner\.?/, '') : '';
      problem(path, t('is missing or wrong'));
    }
  }
  return { known, problems };
}

function nameOf(value: unknown, index: number): string {
  const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined;
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : `partnerAuth.partners #${index + 1}`;
}
