import { parseArgs } from 'node:util';
import type { CiphertextFormat, TextFormat } from '../cipher/settings.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import type { ResponseSettings } from '../exchange/connection.ts';
import { variableOf } from './ask.ts';

export interface Settings {
  readonly json: boolean;
  readonly help: boolean;
  /** Absent: the tour of the sandbox. */
  readonly baseUrl: string | undefined;
  readonly partner: BuiltInPartner | undefined;
  readonly partnerCode: string | undefined;
  readonly keyFormat: TextFormat | undefined;
  readonly ivFrom: 'fixed' | 'prefix' | 'key' | 'zero' | undefined;
  readonly ivFormat: TextFormat | undefined;
  readonly padding: 16 | 32 | undefined;
  readonly output: CiphertextFormat | undefined;
  readonly response: ResponseSettings | undefined;
  readonly bodyForm: 'json' | 'multipart' | undefined;
  readonly caFile: string | undefined;
}

const partnerNames = Object.keys(partners) as BuiltInPartner[];
const credentialNames = Object.values<PartnerDefinition>(partners).flatMap(({ credentials }) =>
  credentials.map(({ name }) => name.replaceAll('_', '-')),
);
/** Arguments that people try, and that everybody on the machine could read. */
const secrets = ['key', ...new Set(credentialNames), 'otp'];

/** Names with commas, in lines of up to 110 characters. */
function variableLines(names: readonly string[]): string {
  const lines = [''];
  for (const [index, name] of names.entries()) {
    const item = index === names.length - 1 ? name : `${name},`;
    const last = lines.at(-1) ?? '';
    if (last.length + item.length < 108) lines[lines.length - 1] = `${last} ${item}`;
    else lines.push(` ${item}`);
  }
  return lines.map((line) => ` ${line}`).join('\n');
}

// npm sets this for the script that it runs.
const command = process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'partner-auth';

export const usage = `Usage
  ${command.replace(/ --$/, '').padEnd(28)} a tour of all partners, against the sandbox
  ${`${command} --json`.padEnd(28)} the same for machines
  ${`${command} --partner NAME`.padEnd(28)} the tour of one: ${partnerNames.join(', ')}
  ${command} --base-url URL --partner NAME [settings]
                               sign in at a real partner, refresh once, sign out

Settings of a real partner
  --partner-code CODE          your identifier at the partner (TCONNECT)
  --key-format FORM            how the key is written: utf8, hex, base64
  --iv RULE                    where the IV comes from: fixed, prefix, key, zero
  --iv-format FORM             how a fixed IV is written: utf8, hex, base64
  --padding BYTES              what PKCS#7 pads to: 16, 32
  --output FORM                ciphertext as hex, hex-upper, base64
  --tokens-in FIELD            the field of the answer that wraps the token fields
  --encrypted-in FIELD         the field of the answer that holds it encrypted
  --body-form FORM             how plain payloads travel: json, multipart (BizMail)
  --ca FILE                    PEM of a further certificate authority

Secrets come from the environment or are asked for, never from arguments:
${variableLines(['iv', ...secrets].map(variableOf))}
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

const ofTheTour = ['json', 'help', 'partner'];

/** A problem never repeats an argument's value, which may be a secret in the wrong place. */
export function readArguments(args: string[]): { settings: Settings } | { problem: string } {
  const { values, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') return { problem: 'Only named settings are taken, each with "--" before its name.' };
    const { name, rawName } = token;
    if (secrets.includes(name)) {
      return { problem: `${rawName} is never an argument: set ${variableOf(name)}, or leave it out to be asked.` };
    }
    if (!isOption(name)) return { problem: `Unknown setting ${rawName.slice(0, 40)}.` };
    const { type } = options[name];
    if (type === 'string' && (token.value === undefined || token.value === '')) {
      return { problem: `${rawName} needs a value.` };
    }
    if (type === 'boolean' && token.value !== undefined) return { problem: `${rawName} takes no value.` };
  }
  const text = (name: keyof typeof options): string | undefined => values[name] as string | undefined;
  const stray = Object.keys(values).find((name) => !ofTheTour.includes(name));
  if (stray !== undefined && text('base-url') === undefined) {
    return { problem: `--${stray} is for a real partner: give its address with --base-url too.` };
  }
  try {
    return { settings: { json: values.json === true, help: values.help === true, ...namedSettings(text) } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'The arguments could not be read.' };
  }
}

function namedSettings(text: (name: keyof typeof options) => string | undefined): Omit<Settings, 'json' | 'help'> {
  const tokensIn = text('tokens-in');
  const encryptedIn = text('encrypted-in');
  const padding = oneOf('--padding', text('padding'), ['16', '32'] as const);
  const response = { ...(tokensIn !== undefined && { tokensIn }), ...(encryptedIn !== undefined && { encryptedIn }) };
  return {
    baseUrl: text('base-url'),
    partner: oneOf('--partner', text('partner'), partnerNames),
    partnerCode: text('partner-code'),
    keyFormat: oneOf('--key-format', text('key-format'), formats),
    ivFrom: oneOf('--iv', text('iv'), ivRules),
    ivFormat: oneOf('--iv-format', text('iv-format'), formats),
    padding: padding === undefined ? undefined : padding === '32' ? 32 : 16,
    output: oneOf('--output', text('output'), outputs),
    response: tokensIn === undefined && encryptedIn === undefined ? undefined : response,
    bodyForm: oneOf('--body-form', text('body-form'), ['json', 'multipart'] as const),
    caFile: text('ca'),
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
