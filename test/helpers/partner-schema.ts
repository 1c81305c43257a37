/**
 * The JSON schema of partner definitions, made from the schema that checks them. `--write` puts it into the manifest, where
 * the settings editor reads it and the build takes the published file from; a test holds the two equal.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { partnerSchema } from '../../core/partners/schema.ts';

const manifestFile = new URL('../../package.json', import.meta.url);

interface Manifest {
  readonly contributes: { readonly configuration: { readonly properties: Record<string, { items?: unknown }> } };
}

/** What JSON schema can not say, such as that a placeholder is known, is left to `definePartner()`. */
export function partnerJsonSchema(): unknown {
  const { $schema: _, ...schema } = toJsonSchema(partnerSchema, { errorMode: 'ignore' });
  return JSON.parse(JSON.stringify(schema));
}

export async function publishedSchema(): Promise<unknown> {
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  return manifest.contributes.configuration.properties['partnerAuth.partners']?.items;
}

if (process.argv.includes('--write')) {
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const setting = manifest.contributes.configuration.properties['partnerAuth.partners'];
  if (setting === undefined) throw new Error('The manifest has no setting partnerAuth.partners.');
  setting.items = partnerJsonSchema();
  await writeFile(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
}
