import { partners, type PartnerDefinition } from '../../core/index.ts';
import { requiresCipher, requiresPartnerCode } from '../../core/partners/requirements.ts';
import { profileJsonSchema, type JsonSchema } from './json-schemas.ts';

/** What the settings editor requires for `partnerAuth.profiles` in addition to the schema, by field path. */
const annotations: Readonly<Record<string, JsonSchema>> = {
  id: { patternErrorMessage: '%config.id.pattern%' },
  label: { patternErrorMessage: '%config.label.pattern%' },
  baseUrl: {
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

const baseUrlWithTls: JsonSchema = {
  pattern: '^(https://|http://(localhost|127\\.|\\[::1\\]))',
  patternErrorMessage: '%config.baseUrl.pattern%',
};

/** The prefix of the keys in package.nls.json that describe the values of an enum, as in `%format.hex%`. */
const enumKeyPrefixes: Readonly<Record<string, string>> = {
  'cipher.keyFormat': 'format',
  'cipher.iv.from': 'iv',
  'cipher.iv.format': 'format',
};

/** The schema of one profile in the manifest: `contributes.configuration.properties['partnerAuth.profiles'].items`. */
export function profileItems(): JsonSchema {
  const { $schema: _, title: _title, ...schema } = profileJsonSchema();
  return {
    ...annotate(schema, ''),
    if: { properties: { allowHttp: { const: true } }, required: ['allowHttp'] },
    else: { properties: { baseUrl: baseUrlWithTls } },
    defaultSnippets: Object.values<PartnerDefinition>(partners).map(createSnippet),
  };
}

function annotate(schema: JsonSchema, path: string): JsonSchema {
  const { properties, enum: values, ...rest } = schema as { properties?: Record<string, JsonSchema>; enum?: unknown[] };
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const fieldPath = path === '' ? name : `${path}.${name}`;
    return [name, annotate(field, fieldPath)] as const;
  });
  const prefix = enumKeyPrefixes[path];
  return {
    ...(path !== '' && { markdownDescription: `%config.${path}%` }),
    ...rest,
    ...(values && { enum: values }),
    ...(values && prefix !== undefined && { enumDescriptions: values.map((value) => `%${prefix}.${String(value)}%`) }),
    ...annotations[path],
    ...(fields.length > 0 && { properties: Object.fromEntries(fields) }),
  };
}

/** The snippet that the editor inserts for a partner; `${1:…}` is a placeholder that the user fills in. */
function createSnippet(definition: PartnerDefinition): JsonSchema {
  let count = 0;
  const field = (value = ''): string => `\${${++count}${value === '' ? '' : `:${value}`}}`;
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
