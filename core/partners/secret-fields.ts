import { clientFields, tokenFields } from './auth-fields.ts';
import { responseShapeOf } from './response-shape.ts';
import type { PartnerDefinition } from './definition.ts';

/** The names of the fields that hold secrets, in any call. */
export function secretFieldNames(definition: PartnerDefinition): ReadonlySet<string> {
  const { credentials } = definition;
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const [, clientSecret] = clientFields(definition);
  const kinds = ['refresh', 'logout', 'oneTimeCode'] as const;
  return new Set(
    [
      ...credentials.filter((field) => field.secret === true).map((field) => field.name),
      ...kinds.flatMap((kind) => tokenFields(definition, kind)),
      ...(clientSecret === undefined ? [] : [clientSecret]),
      ...(['login', 'oneTimeCode', 'refresh'] as const).flatMap((kind) => {
        const { accessToken, refreshToken } = responseShapeOf(definition, kind);
        return refreshToken === undefined ? [accessToken] : [accessToken, refreshToken];
      }),
    ].map(last),
  );
}
