import {
  checkConnection,
  isPartnerAuthError,
  type ConnectionOptions,
  type PartnerDefinition,
  type TextFormat,
} from '../../core/index.ts';
import {
  labelPattern,
  requiresCipher,
  requiresPartnerCode,
  traitsOf,
  type KnownPartners,
  type PartnerTrait,
  type ProbeResult,
  type Profile,
} from '../../core/profiles/index.ts';
import { checkServer, tidyBaseUrl } from './base-url.ts';
import { characterName, firstOther, tidy } from './pasted.ts';
import { ivStep, keyStep } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep, PickStep, Step } from './wizard.ts';

/** Selected instead of a partner to start the sandbox. Cannot be the id of a partner. */
export const sandboxChoice = '$sandbox';
const otherUrl = 'other';

/** Asks what responds at the address of a connection. */
export type Probe = (connection: ConnectionOptions, signal: AbortSignal) => Promise<ProbeResult>;

/** The steps that create a profile. Without `probe`, no server is called. */
export function profileSteps(answers: Answers, partners: KnownPartners, t: Translate, probe?: Probe): readonly Step[] {
  const steps: Step[] = [partnerStep(partners, t)];
  const { partner = '', url } = answers;
  const definition = partners[partner];
  if (definition === undefined) return steps;
  const servers = definition.baseUrls ?? [];
  if (servers.length > 0) {
    steps.push({
      kind: 'pick',
      id: 'url',
      prompt: t('Select a {0} server', definition.label),
      items: [
        ...servers.map((server) => ({ value: server.url, label: server.label, description: server.url })),
        { value: otherUrl, label: t('Other URL…') },
      ],
    });
  }
  if (servers.length === 0 || url === otherUrl) {
    steps.push(baseUrlStep({ partner: definition }, t, probe));
  }
  if (requiresPartnerCode(definition)) steps.push(partnerCodeStep(definition, t));
  if (requiresCipher(definition)) steps.push(...cipherSteps(partner, answers, t));
  steps.push({ ...labelStep(t), value: definition.label });
  return steps;
}

/** Where the partner is. `connection` is what is known about it so far. */
export function baseUrlStep(
  connection: Omit<ConnectionOptions, 'partner' | 'baseUrl'> & { readonly partner: PartnerDefinition },
  t: Translate,
  probe?: Probe,
): InputStep {
  const { partner } = connection;
  // The partner may require a code that is not known yet. Whether it is accepted does not matter here.
  const connectionAt = (baseUrl: string): ConnectionOptions => ({ partnerCode: 'x', ...connection, baseUrl });
  return {
    kind: 'input',
    id: 'baseUrl',
    prompt: t('Base URL of {0}', partner.label),
    placeholder: 'https://partner.example',
    tidy: (value) => tidyBaseUrl(value, partner, t),
    validate: (value) =>
      connectionProblem(
        connectionAt(value),
        'baseUrl',
        t('Enter an https URL without user info, query or fragment (http only on this machine).'),
      ),
    ...(probe && {
      check: (value: string, signal: AbortSignal) =>
        checkServer(value, partner, (baseUrl) => probe(connectionAt(baseUrl), signal), t),
    }),
  };
}

export function partnerCodeStep(definition: PartnerDefinition, t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'partnerCode',
    prompt: t('Partner code issued by {0}', definition.label),
    tidy: (value) => tidy('id', value, t),
    validate(value) {
      const message = t('Enter printable ASCII characters without leading or trailing spaces.');
      const connection = { partner: definition, baseUrl: 'https://partner.example', partnerCode: value };
      const problem = connectionProblem(connection, 'partnerCode', message);
      const other = firstOther(value, /[\x20-\x7e]/);
      if (problem === undefined || other === undefined) return problem;
      const { character, position } = other;
      return `${problem} ${t('At position {0} there is {1}.', position, characterName(character, t))}`;
    },
  };
}

export function labelStep(t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'label',
    prompt: t('Profile name'),
    tidy: (value) => tidy('label', value, t),
    validate(value) {
      const name = value.trim();
      if (labelPattern.test(name)) return undefined;
      const characters = Array.from(name);
      if (characters.length === 0 || characters.length > 80) return t('The name must be 1 to 80 characters long.');
      const index = characters.findIndex((_, end) => !labelPattern.test(characters.slice(0, end + 1).join('')));
      return t('At position {0} there is {1}.', index + 1, characterName(characters[index] ?? '', t));
    },
  };
}

function partnerStep(partners: KnownPartners, t: Translate): Step {
  return {
    kind: 'pick',
    id: 'partner',
    prompt: t('Select a partner'),
    items: [
      ...Object.entries(partners).map(([value, definition]) => ({
        value,
        label: definition.label,
        detail: traitsOf(definition)
          .map((trait) => traitLabel(trait, t))
          .join(', '),
      })),
      {
        value: sandboxChoice,
        label: `$(beaker) ${t('Sandbox')}`,
        detail: t('A partner server on this machine, for trying everything without an account'),
      },
    ],
  };
}

function traitLabel(trait: PartnerTrait, t: Translate): string {
  switch (trait) {
    case 'encrypted':
      return t('encrypted payloads');
    case 'plain':
      return t('plain payloads');
    case 'multipart':
      return t('multipart forms');
    case 'partnerCode':
      return t('partner code');
    case 'oneTimeCode':
      return t('one-time codes');
    case 'captcha':
      return t('captchas');
  }
}

function cipherSteps(partner: string, answers: Answers, t: Translate): Step[] {
  const profile = { partner, cipher: cipherFrom(answers) };
  const steps: Step[] = [keyFormatStep(t), keyStep(profile, t), ivRuleStep(t)];
  if (isFixedIv(answers)) steps.push(ivValueStep(profile, answers.key, t));
  return steps;
}

export function keyFormatStep(t: Translate): PickStep {
  return {
    kind: 'pick',
    id: 'keyFormat',
    prompt: t('How is the AES key encoded? Ask the partner.'),
    items: [
      { value: 'utf8', label: t('Plain text'), detail: t('32 characters, used as they are') },
      { value: 'hex', label: t('Hex digits'), detail: t('64 characters 0-9, a-f') },
      { value: 'base64', label: 'Base64', detail: t('43 or 44 characters') },
    ],
  };
}

export function ivRuleStep(t: Translate): PickStep {
  return {
    kind: 'pick',
    id: 'iv',
    prompt: t('Where does the IV of each message come from? Ask the partner.'),
    items: [
      { value: 'fixed utf8', label: t('Fixed (plain text)'), detail: t('16 characters') },
      { value: 'fixed hex', label: t('Fixed (hex digits)'), detail: t('32 characters 0-9, a-f') },
      { value: 'fixed base64', label: t('Fixed (Base64)'), detail: t('22 or 24 characters') },
      { value: 'prefix', label: t('Random, prepended to the ciphertext') },
      { value: 'key', label: t('The first 16 bytes of the key') },
    ],
  };
}

/** The value of a fixed IV. Its id differs from that of the IV's rule. */
export function ivValueStep(
  profile: Parameters<typeof ivStep>[0],
  key: string | undefined,
  t: Translate,
): ReturnType<typeof ivStep> {
  return { ...ivStep(profile, key, t), id: 'ivValue' };
}

export function isFixedIv({ iv }: Answers): boolean {
  return iv?.startsWith('fixed') === true;
}

/** The cipher settings that the answers to `keyFormatStep` and `ivRuleStep` describe. */
export function cipherFrom({ keyFormat = 'utf8', iv = 'prefix' }: Answers): NonNullable<Profile['cipher']> {
  const [from, format] = iv.split(' ');
  return {
    keyFormat: keyFormat as TextFormat,
    iv:
      from === 'fixed'
        ? { from, format: (format ?? 'utf8') as TextFormat }
        : { from: from === 'key' ? 'key' : 'prefix' },
  };
}

/** The profile described by the answers, and its secrets, which do not go into the settings. */
export function profileFrom(
  answers: Answers,
  partners: KnownPartners,
  existingIds: readonly string[],
): { readonly profile: Profile; readonly key: string | undefined; readonly iv: string | undefined } {
  const { partner = '' } = answers;
  const definition = partners[partner];
  const label = (answers.label ?? '').trim();
  const isEncrypted = definition !== undefined && requiresCipher(definition);
  const baseUrl = answers.baseUrl ?? answers.url ?? '';
  return {
    profile: {
      id: uniqueId(label, existingIds),
      label,
      partner,
      baseUrl: answers.url === undefined || answers.url === otherUrl ? baseUrl : answers.url,
      ...(answers.partnerCode && { partnerCode: answers.partnerCode }),
      ...(isEncrypted && { cipher: cipherFrom(answers) }),
    },
    key: isEncrypted ? answers.key : undefined,
    // The user may have entered an IV and then gone back to choose another rule.
    iv: isEncrypted && isFixedIv(answers) ? answers.ivValue : undefined,
  };
}

function uniqueId(label: string, existingIds: readonly string[]): string {
  const base =
    label
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll('đ', 'd')
      .replace(/[^a-z\d]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'profile';
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!existingIds.includes(id)) return id;
  }
}

function connectionProblem(connection: ConnectionOptions, setting: string, message: string): string | undefined {
  try {
    checkConnection(connection);
    return undefined;
  } catch (error) {
    return isPartnerAuthError(error) && error.setting === setting ? message : undefined;
  }
}
