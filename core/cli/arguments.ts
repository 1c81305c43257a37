import { parseArgs } from 'node:util';
import {
  type BuiltInPartner,
  type CiphertextFormat,
  type ConnectionOptions,
  type PartnerDefinition,
  type ResponseSettings,
  type TextFormat,
  partners,
} from '../index.ts';
import { environmentVariable } from './ask.ts';

export interface Settings {
  readonly json: boolean;
  readonly help: boolean;
  /** Undefined: the tour of the sandbox. */
  readonly baseUrl: string | undefined;
  readonly partner: BuiltInPartner | undefined;
  readonly partnerCode: string | undefined;
  readonly keyFormat: TextFormat | undefined;
  readonly ivFrom: 'fixed' | 'prefix' | 'key' | 'zero' | undefined;
  readonly ivFormat: TextFormat | undefined;
  readonly padding: 16 | 32 | undefined;
  readonly output: CiphertextFormat | undefined;
  readonly response: ResponseSettings | undefined;
  readonly bodyForm: ConnectionOptions['bodyForm'];
  readonly caFile: string | undefined;
}

const partnerNames = Object.keys(partners) as BuiltInPartner[];
const credentialNames = Object.values<PartnerDefinition>(partners).flatMap(({ credentials }) =>
  credentials.map(({ name }) => name.replaceAll('_', '-')),
);
/** Refused as arguments, because any process on the machine can read a command line. */
const secretNames = ['key', ...new Set(credentialNames), 'otp'];

/** Joins the names with commas, in lines of up to 110 characters. */
function formatVariables(names: readonly string[]): string {
  const lines = [''];
  for (const [index, name] of names.entries()) {
    const item = index === names.length - 1 ? name : `${name},`;
    const last = lines.at(-1) ?? '';
    if (last.length + item.length < 108) lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(` ${item}`);
  }
  return lines.map((line) => ` ${line}`).join('\n');
}

// Set by npm to the name of the script that it runs.
const command = process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'partner-auth';

export const usage = `Usage
  ${command.replace(/ --$/, '').padEnd(28)} tour of all partners, using the sandbox
  ${`${command} --json`.padEnd(28)} the same as JSON
  ${`${command} --partner NAME`.padEnd(28)} tour of one partner: ${partnerNames.join(', ')}
  ${command} --base-url URL --partner NAME [settings]
                               sign in to a real partner, refresh once, sign out

Settings for a real partner
  --partner-code CODE          your identifier at the partner (TCONNECT)
  --key-format FORMAT          encoding of the key: utf8, hex, base64
  --iv RULE                    source of the IV: fixed, prefix, key, zero
  --iv-format FORMAT           encoding of a fixed IV: utf8, hex, base64
  --padding BYTES              PKCS#7 block size in bytes: 16, 32
  --output FORMAT              encoding of the ciphertext: hex, hex-upper, base64
  --tokens-in FIELD            response field that wraps the token fields
  --encrypted-in FIELD         response field that holds the encrypted response
  --body-form FORM             format of plain payloads: json, multipart, urlencoded
  --ca FILE                    PEM file of an additional certificate authority

Secrets are read from the environment or prompted for, never taken from arguments:
${formatVariables(['iv', ...secretNames].map(environmentVariable))}
`;

const formats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
const outputs: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64'];
const ivRules = ['fixed', 'prefix', 'key', 'zero'] as const;

const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  partner: { type: 'string' },
  'base-url': { type: 'string' },
  'partner-code': { type: 'string' },
  'key-format': { type: 'string' },
  iv: { type: 'string' },
  'iv-format': { type: 'string' },
  padding: { type: 'string' },
  output: { type: 'string' },
  'tokens-in': { type: 'string' },
  'encrypted-in': { type: 'string' },
  'body-form': { type: 'string' },
  ca: { type: 'string' },
} as const;

const tourOptions = ['json', 'help', 'partner'];

export type ParsedArguments =
  { readonly kind: 'settings'; readonly settings: Settings } | { readonly kind: 'problem'; readonly problem: string };

/** Never repeats an argument's value in a problem, because it may be a misplaced secret. */
export function readArguments(args: string[]): ParsedArguments {
  const { values, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') return problem('Positional arguments are not accepted. Start each option with "--".');
    const { name, rawName } = token;
    if (secretNames.includes(name)) {
      const variable = environmentVariable(name);
      return problem(`${rawName} is not accepted as an argument: set ${variable}, or omit it to be prompted.`);
    }
    if (!isOption(name)) return problem(`Unknown option ${rawName.slice(0, 40)}.`);
    const { type } = options[name];
    if (type === 'string' && (token.value === undefined || token.value === '')) {
      return problem(`${rawName} requires a value.`);
    }
    if (type === 'boolean' && token.value !== undefined) return problem(`${rawName} takes no value.`);
  }
  const stringValue = (name: keyof typeof options): string | undefined => values[name] as string | undefined;
  const partnerOption = Object.keys(values).find((name) => !tourOptions.includes(name));
  if (partnerOption !== undefined && stringValue('base-url') === undefined) {
    return problem(`--${partnerOption} requires --base-url, the address of a real partner.`);
  }
  try {
    const settings = { json: values.json === true, help: values.help === true, ...readSettings(stringValue) };
    return { kind: 'settings', settings };
  } catch (error) {
    return problem(error instanceof Error ? error.message : 'The arguments could not be read.');
  }
}

function problem(message: string): ParsedArguments {
  return { kind: 'problem', problem: message };
}

function readSettings(
  stringValue: (name: keyof typeof options) => string | undefined,
): Omit<Settings, 'json' | 'help'> {
  const tokensIn = stringValue('tokens-in');
  const encryptedIn = stringValue('encrypted-in');
  const padding = oneOf('--padding', stringValue('padding'), ['16', '32'] as const);
  const response = { ...(tokensIn !== undefined && { tokensIn }), ...(encryptedIn !== undefined && { encryptedIn }) };
  return {
    baseUrl: stringValue('base-url'),
    partner: oneOf('--partner', stringValue('partner'), partnerNames),
    partnerCode: stringValue('partner-code'),
    keyFormat: oneOf('--key-format', stringValue('key-format'), formats),
    ivFrom: oneOf('--iv', stringValue('iv'), ivRules),
    ivFormat: oneOf('--iv-format', stringValue('iv-format'), formats),
    padding: padding === undefined ? undefined : padding === '32' ? 32 : 16,
    output: oneOf('--output', stringValue('output'), outputs),
    response: tokensIn === undefined && encryptedIn === undefined ? undefined : response,
    bodyForm: oneOf('--body-form', stringValue('body-form'), ['json', 'multipart', 'urlencoded'] as const),
    caFile: stringValue('ca'),
  };
}

function isOption(name: string): name is keyof typeof options {
  return Object.hasOwn(options, name);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  const found = allowed.find((choice) => choice === value);
  if (value === undefined || found !== undefined) return found;
  throw new TypeError(`${name} must be one of ${allowed.join(', ')}.`);
}
