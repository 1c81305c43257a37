import { toJsonSchema } from '@valibot/to-json-schema';
import { partnerSchema } from '../../core/partners/schema.ts';
import { profileSchema } from '../../core/profiles/profile-schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What JSON schema cannot express, such as that a placeholder is known, is left to `definePartner()`. */
export function partnerJsonSchema(): JsonSchema {
  return jsonSchema('Partner definition', partnerSchema);
}

/** What depends on the partner is left to `parseProfiles()`. */
export function profileJsonSchema(): JsonSchema {
  return jsonSchema('Profile', profileSchema);
}

function jsonSchema(title: string, schema: Parameters<typeof toJsonSchema>[0]): JsonSchema {
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: 'ignore' });
  return JSON.parse(JSON.stringify({ $schema, title, ...rest })) as JsonSchema;
}
