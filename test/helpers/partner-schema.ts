/**
 * The JSON schema of partner definitions, made from the schema that checks them. `--write` (npm run schema) writes the file
 * that the package publishes; a test holds the two equal.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { partnerSchema } from '../../core/partners/schema.ts';

const file = new URL('../../core/partners/partner.schema.json', import.meta.url);

/** What JSON schema can not say, such as that a placeholder is known, is left to `definePartner()`. */
export function partnerJsonSchema(): unknown {
  const schema = toJsonSchema(partnerSchema, { errorMode: 'ignore' });
  return JSON.parse(JSON.stringify({ $schema: schema.$schema, title: 'Partner definition', ...schema }));
}

export async function publishedSchema(): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

if (process.argv.includes('--write')) await writeFile(file, `${JSON.stringify(partnerJsonSchema(), undefined, 2)}\n`);
