import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partnerJsonSchema, profileJsonSchema } from './json-schemas.ts';
import { profileItems } from './manifest.ts';
import { withRepeatTable } from './repeat-table.ts';
import { withVerbTable } from './verb-table.ts';

interface Manifest {
  readonly contributes: {
    readonly configuration: { readonly properties: Record<string, Record<string, unknown>> };
  };
}

const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** The contents of the files that are generated from the definitions and schemas, by path. */
export async function generatedFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  const { properties } = manifest.contributes.configuration;
  properties['partnerAuth.profiles'] = { ...properties['partnerAuth.profiles'], items: profileItems() };
  return {
    'package.json': toJson(manifest),
    'core/partners/partner.schema.json': toJson(partnerJsonSchema()),
    'core/profiles/profile.schema.json': toJson(profileJsonSchema()),
    'core/README.md': withRepeatTable(await readFile(join(root, 'core/README.md'), 'utf8')),
    'core/cli/README.md': withVerbTable(await readFile(join(root, 'core/cli/README.md'), 'utf8')),
  };
}
