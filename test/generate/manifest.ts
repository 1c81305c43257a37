import { partners, type PartnerDefinition } from '../../core/index.ts';
import { requiresCipher, requiresPartnerCode } from '../../core/partners/requirements.ts';
import { profileJsonSchema, type JsonSchema } from './json-schemas.ts';

/** What the editor shows for the setting `partnerAuth.profiles` beyond the schema itself, by the path of the field. */
const annotations: Readonly<Record<string, JsonSchema>> = {
  id: { patternErrorMessage: '%config.id.pattern%' },
  baseUrl: {
    pattern: '^(https://|http://(localhost|127\\.|\\[::1\\]))',
    patternErrorMessage: '%config.baseUrl.pattern%',
    examples: Object.values<PartnerDefinition>(partners).flatMap(({ baseUrls = [] }) => baseUrls.map(({ url }) => url)),
  },
  partner: {
    anyOf: [
      {
        enum: Object.keys(partners),
        enumDescriptions: Object.values<PartnerDefinition>(partners).map(({ label }) => label),
      },
      { pattern: '^[a-z][a-z\\d-]{0,63}$' },
    ],
  },
  partnerCode: { pattern: '^[!-~]([ -~]*[!-~])?$' },
  'cipher.algorithm': { default: 'aes-256-cbc' },
  'cipher.keyFormat': { default: 'utf8' },
  'cipher.iv.format': { default: 'utf8' },
  'cipher.output': { default: 'hex' },
  'cipher.padding': { default: 16 },
  bodyForm: { default: 'json' },
};

/** Where the descriptions of an enum's values are in package.nls.json: `%format.hex%`. */
const enumTexts: Readonly<Record<string, string>> = {
  'cipher.keyFormat': 'format',
  'cipher.iv.from': 'iv',
  'cipher.iv.format': 'format',
};

/** The schema of one profile in the manifest: `contributes.configuration.properties['partnerAuth.profiles'].items`. */
export function profileItems(): JsonSchema {
  const { $schema: _, title: _title, ...schema } = profileJsonSchema();
  return { ...annotated(schema, ''), defaultSnippets: Object.values<PartnerDefinition>(partners).map(snippet) };
}

function annotated(schema: JsonSchema, path: string): JsonSchema {
  const { properties, enum: values, ...rest } = schema as { properties?: Record<string, JsonSchema>; enum?: unknown[] };
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const below = path === '' ? name : `${path}.${name}`;
    return [name, annotated(field, below)] as const;
  });
  const texts = enumTexts[path];
  return {
    ...(path !== '' && { markdownDescription: `%config.${path}%` }),
    ...rest,
    ...(values && { enum: values }),
    ...(values && texts !== undefined && { enumDescriptions: values.map((value) => `%${texts}.${String(value)}%`) }),
    ...annotations[path],
    ...(fields.length > 0 && { properties: Object.fromEntries(fields) }),
  };
}

/** What the editor writes when a partner's template is chosen; `${1:…}` is a field to be filled in. */
function snippet(definition: PartnerDefinition): JsonSchema {
  let count = 0;
  const field = (text = ''): string => `\${${++count}${text === '' ? '' : `:${text}`}}`;
  const choice = (...values: string[]): string => `\${${++count}|${values.join(',')}|}`;
  const { id, label, baseUrls = [] } = definition;
  return {
    label,
    body: {
      id: field(id),
      label: field(label),
      partner: id,
      baseUrl: field(baseUrls[0]?.url ?? 'https://'),
      ...(requiresPartnerCode(definition) && { partnerCode: field() }),
      ...(requiresCipher(definition) && {
        cipher: { keyFormat: choice('utf8', 'hex', 'base64'), iv: { from: choice('fixed', 'prefix', 'key') } },
      }),
    },
  };
}
