import type { AuthCall, CallKind, PartnerDefinition, RefreshCall } from './definition.ts';

/** The call that renews the tokens; undefined if they are renewed by a login or not at all. */
export function refreshCallOf({ refresh }: Pick<PartnerDefinition, 'refresh'>): RefreshCall | undefined {
  return typeof refresh === 'object' ? refresh : undefined;
}

/** An auth call of a definition by its name; undefined if the definition has none. */
export function authCallOf(definition: PartnerDefinition, kind: Exclude<CallKind, 'request'>): AuthCall | undefined {
  return kind === 'refresh' ? refreshCallOf(definition) : definition[kind];
}

/** Whether a login requires no credential of a person, as with client credentials. */
export function needsNoCredentials({ credentials }: Pick<PartnerDefinition, 'credentials'>): boolean {
  return credentials.every(({ required = true }) => !required);
}
