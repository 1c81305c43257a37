import { checkConnection, isPartnerAuthError, type PartnerDefinition, type TextFormat } from '../../core/index.ts';
import {
  labelPattern,
  requiresCipher,
  requiresPartnerCode,
  traitsOf,
  type KnownPartners,
  type PartnerTrait,
  type Profile,
} from '../../core/profiles/index.ts';
import { ivStep, keyStep } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, Step } from './wizard.ts';

/** Selected instead of a partner to start the sandbox. Cannot be the id of a partner. */
export const sandboxChoice = '$sandbox';
const otherUrl = 'other';

/** The steps that create a profile. */
export function profileSteps(answers: Answers, partners: KnownPartners, t: Translate): readonly Step[] {
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
    steps.push({
      kind: 'input',
      id: 'baseUrl',
      prompt: t('Base URL of {0}', definition.label),
      placeholder: 'https://partner.example',
      validate: (value) =>
        connectionProblem(
          { partner: definition, baseUrl: value, partnerCode: 'x' },
          'baseUrl',
          t('Enter an https URL without user info, query or fragment (http only on this machine).'),
        ),
    });
  }
  if (requiresPartnerCode(definition)) {
    steps.push({
      kind: 'input',
      id: 'partnerCode',
      prompt: t('Partner code issued by {0}', definition.label),
      validate: (value) =>
        connectionProblem(
          { partner: definition, baseUrl: 'https://partner.example', partnerCode: value },
          'partnerCode',
          t('Enter printable ASCII characters without leading or trailing spaces.'),
        ),
    });
  }
  if (requiresCipher(definition)) steps.push(...cipherSteps(partner, answers, t));
  steps.push({
    kind: 'input',
    id: 'label',
    prompt: t('Profile name'),
    value: definition.label,
    validate: (value) => (labelPattern.test(value.trim()) ? undefined : t('The name must be 1 to 80 characters long.')),
  });
  return steps;
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
  const steps: Step[] = [
    {
      kind: 'pick',
      id: 'keyFormat',
      prompt: t('How is the AES key encoded? Ask the partner.'),
      items: [
        { value: 'utf8', label: t('Plain text'), detail: t('32 characters, used as they are') },
        { value: 'hex', label: t('Hex digits'), detail: t('64 characters 0-9, a-f') },
        { value: 'base64', label: 'Base64', detail: t('43 or 44 characters') },
      ],
    },
    keyStep(profile, t),
    {
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
    },
  ];
  if (answers.iv?.startsWith('fixed') === true) steps.push({ ...ivStep(profile, answers.key, t), id: 'ivValue' });
  return steps;
}

function cipherFrom({ keyFormat = 'utf8', iv = 'prefix' }: Answers): NonNullable<Profile['cipher']> {
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
    iv: isEncrypted && answers.iv?.startsWith('fixed') === true ? answers.ivValue : undefined,
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

function connectionProblem(
  connection: { readonly partner: PartnerDefinition; readonly baseUrl: string; readonly partnerCode: string },
  setting: string,
  message: string,
): string | undefined {
  try {
    checkConnection(connection);
    return undefined;
  } catch (error) {
    return isPartnerAuthError(error) && error.setting === setting ? message : undefined;
  }
}
