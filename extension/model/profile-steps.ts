import { checkConnection, isPartnerAuthError, type PartnerDefinition, type TextFormat } from '../../core/index.ts';
import {
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

/** Chosen instead of a partner: a partner server on this machine. Cannot be the id of a partner. */
export const sandboxChoice = '$sandbox';
const otherUrl = 'other';

/** The questions by which a profile is made. */
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
      prompt: t('Which server of {0}?', definition.label),
      items: [
        ...servers.map((server) => ({ value: server.url, label: server.label, description: server.url })),
        { value: otherUrl, label: t('Another address…') },
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
          t('This must be an https address without user, query or fragment (http only on this machine).'),
        ),
    });
  }
  if (requiresPartnerCode(definition)) {
    steps.push({
      kind: 'input',
      id: 'partnerCode',
      prompt: t('Partner code, as {0} gave it to you', definition.label),
      validate: (value) =>
        connectionProblem(
          { partner: definition, baseUrl: 'https://partner.example', partnerCode: value },
          'partnerCode',
          t('This must be printable ASCII without spaces around it.'),
        ),
    });
  }
  if (requiresCipher(definition)) steps.push(...cipherSteps(partner, answers, t));
  steps.push({
    kind: 'input',
    id: 'label',
    prompt: t('Name of this profile'),
    value: definition.label,
    validate: (value) => (/^[^\p{C}]{1,80}$/u.test(value.trim()) ? undefined : t('A name has 1 to 80 characters.')),
  });
  return steps;
}

function partnerStep(partners: KnownPartners, t: Translate): Step {
  return {
    kind: 'pick',
    id: 'partner',
    prompt: t('Which partner?'),
    items: [
      ...Object.entries(partners).map(([value, definition]) => ({
        value,
        label: definition.label,
        detail: traitsOf(definition)
          .map((trait) => traitText(trait, t))
          .join(', '),
      })),
      {
        value: sandboxChoice,
        label: `$(beaker) ${t('Sandbox')}`,
        detail: t('A partner server on this machine, to try everything without an account'),
      },
    ],
  };
}

function traitText(trait: PartnerTrait, t: Translate): string {
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
      prompt: t('How is the AES key written? Ask the partner.'),
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
        { value: 'fixed utf8', label: t('Always the same, plain text'), detail: t('16 characters') },
        { value: 'fixed hex', label: t('Always the same, hex digits'), detail: t('32 characters 0-9, a-f') },
        { value: 'fixed base64', label: t('Always the same, Base64'), detail: t('22 or 24 characters') },
        { value: 'prefix', label: t('Random, sent before the ciphertext') },
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

/** The profile that the answers describe, and its secrets, which do not go into the settings. */
export function profileFrom(
  answers: Answers,
  partners: KnownPartners,
  taken: readonly string[],
): { readonly profile: Profile; readonly key: string | undefined; readonly iv: string | undefined } {
  const { partner = '' } = answers;
  const definition = partners[partner];
  const label = (answers.label ?? '').trim();
  const isEncrypted = definition !== undefined && requiresCipher(definition);
  const baseUrl = answers.baseUrl ?? answers.url ?? '';
  return {
    profile: {
      id: freeId(label, taken),
      label,
      partner,
      baseUrl: answers.url === undefined || answers.url === otherUrl ? baseUrl : answers.url,
      ...(answers.partnerCode && { partnerCode: answers.partnerCode }),
      ...(isEncrypted && { cipher: cipherFrom(answers) }),
    },
    key: isEncrypted ? answers.key : undefined,
    // An IV typed before the rule was changed again is useless.
    iv: isEncrypted && answers.iv?.startsWith('fixed') === true ? answers.ivValue : undefined,
  };
}

function freeId(label: string, taken: readonly string[]): string {
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
    if (!taken.includes(id)) return id;
  }
}

function connectionProblem(
  connection: { readonly partner: PartnerDefinition; readonly baseUrl: string; readonly partnerCode: string },
  setting: string,
  words: string,
): string | undefined {
  try {
    checkConnection(connection);
    return undefined;
  } catch (error) {
    return isPartnerAuthError(error) && error.setting === setting ? words : undefined;
  }
}
