import { isSecretName } from '../redact/mask.ts';
import { clientFields } from './auth-fields.ts';
import { responseShapeOf } from './response-shape.ts';
import type { AuthCall, CallKind, CredentialField, PartnerDefinition } from './definition.ts';
import { authCallOf } from './renewal.ts';

/** The fields of an auth call that hold no secret, by path. All others may. */
export interface HarmlessFields {
  readonly payload: ReadonlySet<string>;
  readonly response: ReadonlySet<string>;
}

/** Fields of token requests and responses that hold no secret at any partner (RFC 6749). */
export const standardFields: readonly string[] = ['grant_type', 'scope', 'token_type', 'expires_in'];

export function harmlessFields(definition: PartnerDefinition, kind: Exclude<CallKind, 'request'>): HarmlessFields {
  const { credentials } = definition;
  const response = responseShapeOf(definition, kind);
  const call = authCallOf(definition, kind);
  const payload = [
    ...standardFields,
    ...(kind === 'login' ? credentials.filter(isHarmless).map(({ name }) => name) : []),
    ...constantFields(call),
    ...clientFields(definition).slice(0, 1),
  ];
  const { success, code, message, correlationId, accessExpiry, refreshExpiry } = response;
  const tokenFields = [...standardFields, accessExpiry?.field, refreshExpiry?.field].filter(
    (path) => path !== undefined,
  );
  const prefix = call?.tokensIn === undefined ? '' : `${call.tokensIn}.`;
  const shown = [
    ...[success?.field, code, message, correlationId].filter((path) => path !== undefined),
    ...standardFields,
    ...tokenFields.map((path) => prefix + path),
  ];
  return { payload: new Set(payload), response: new Set(shown) };
}

/** Whether the value of a credential may be shown. */
export function isHarmless({ name, secret, account = false }: CredentialField): boolean {
  return secret === false || (secret === undefined && (account || !isSecretName(name)));
}

function constantFields(call: AuthCall | undefined): readonly string[] {
  return Object.keys(call?.extraFields ?? {}).filter((name) => !isSecretName(name));
}
