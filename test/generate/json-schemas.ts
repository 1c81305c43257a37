import { toJsonSchema } from '@valibot/to-json-schema';
import { partnerSchema } from '../../core/partners/schema.ts';
import { profileSchema } from '../../core/profiles/profile-schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** `definePartner()` checks what JSON schema cannot express, such as that a placeholder is known. */
export function partnerJsonSchema(): JsonSchema {
  return jsonSchema('Partner definition', partnerSchema);
}

/** `parseProfiles()` checks what depends on the partner. */
export function profileJsonSchema(): JsonSchema {
  return jsonSchema('Profile', profileSchema);
}

function jsonSchema(title: string, schema: Parameters<typeof toJsonSchema>[0]): JsonSchema {
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: 'ignore' });
  return JSON.parse(JSON.stringify({ $schema, title, ...rest })) as JsonSchema;
}
