import { parseArgs } from 'node:util';
import type { CipherSettings, CiphertextFormat, IvRule, TextFormat } from '../cipher/settings.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';

export interface Settings {
  readonly json: boolean;
  readonly help: boolean;
  /** Absent: the tour of the sandbox. */
  readonly baseUrl: string | undefined;
  readonly partner: BuiltInPartner | undefined;
  readonly partnerCode: string | undefined;
  readonly keyFormat: TextFormat | undefined;
  readonly ivFrom: IvRule['from'] | undefined;
  readonly ivFormat: TextFormat | undefined;
  readonly output: CipherSettings['output'];
  readonly bodyForm: 'json' | 'multipart' | undefined;
  readonly caFile: string | undefined;
}

export const usage = `Usage
  npm start                    a tour of all three partners, against the sandbox
  npm start -- --json          the same for machines
  npm start -- --base-url URL --partner tconnect|bizmail|cloudreve [settings]
                               sign in at a real partner, refresh once, sign out

Settings of a real partner
  --partner-code CODE          your identifier at the partner (TCONNECT)
  --key-format FORM            how the key is written: utf8, hex, base64
  --iv RULE                    where the IV comes from: fixed, prefix, key
  --iv-format FORM             how a fixed IV is written: utf8, hex, base64
  --output FORM                ciphertext as hex, hex-upper, base64
  --body-form FORM             BizMail: json, multipart
  --ca FILE                    PEM of a further certificate authority

Secrets come from the environment or are asked for, never from arguments:
  PARTNER_AUTH_KEY, PARTNER_AUTH_IV, PARTNER_AUTH_USERNAME, PARTNER_AUTH_PASSWORD, PARTNER_AUTH_CLIENT_ID,
  PARTNER_AUTH_CLIENT_SECRET, PARTNER_AUTH_EMAIL
`;

const formats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
const outputs: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64'];
const ivRules: readonly IvRule['from'][] = ['fixed', 'prefix', 'key'];

export function readArguments(args: string[]): { settings: Settings } | { problem: string } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        'base-url': { type: 'string' },
        partner: { type: 'string' },
        'partner-code': { type: 'string' },
        'key-format': { type: 'string' },
        iv: { type: 'string' },
        'iv-format': { type: 'string' },
        output: { type: 'string' },
        'body-form': { type: 'string' },
        ca: { type: 'string' },
      },
    });
    return {
      settings: {
        json: values.json,
        help: values.help,
        baseUrl: values['base-url'],
        partner: oneOf('--partner', values.partner, Object.keys(partners) as BuiltInPartner[]),
        partnerCode: values['partner-code'],
        keyFormat: oneOf('--key-format', values['key-format'], formats),
        ivFrom: oneOf('--iv', values.iv, ivRules),
        ivFormat: oneOf('--iv-format', values['iv-format'], formats),
        output: oneOf('--output', values.output, outputs),
        bodyForm: oneOf('--body-form', values['body-form'], ['json', 'multipart'] as const),
        caFile: values.ca,
      },
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'The arguments could not be read.' };
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  const found = allowed.find((choice) => choice === value);
  if (value === undefined || found !== undefined) return found;
  throw new TypeError(`${name} must be one of ${allowed.join(', ')}.`);
}
