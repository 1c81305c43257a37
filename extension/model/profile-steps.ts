import { checkConnection, isPartnerAuthError, partners, type TextFormat } from '../../core/index.ts';
import type { Profile } from './profile.ts';
import { ivStep, keyStep } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, Step } from './wizard.ts';

type PartnerId = keyof typeof partners;

/** Chosen instead of a partner: a partner of one's own on this machine. */
export const sandboxChoice = 'sandbox';
const otherUrl = 'other';

/** The questions by which a profile is made. */
export function profileSteps(answers: Answers, t: Translate): readonly Step[] {
  const steps: Step[] = [partnerStep(t)];
  const { partner, url } = answers;
  if (partner === undefined || partner === sandboxChoice) return steps;
  const definition = partners[partner as PartnerId];
  const known = definition.baseUrls ?? [];
  if (known.length > 0) {
    steps.push({
      kind: 'pick',
      id: 'url',
      prompt: t('Which server of {0}?', definition.label),
      items: [
        ...known.map((server) => ({ value: server.url, label: server.label, description: server.url })),
        { value: otherUrl, label: t('Another address…') },
      ],
    });
  }
  if (known.length === 0 || url === otherUrl) {
    steps.push({
      kind: 'input',
      id: 'baseUrl',
      prompt: t('Base URL of {0}', definition.label),
      placeholder: 'https://partner.example',
      validate: (value) =>
        connectionProblem(
          { partner: partner as PartnerId, baseUrl: value, partnerCode: 'x' },
          'baseUrl',
          t('This must be an https address without user, query or fragment (http only on this machine).'),
        ),
    });
  }
  if (needsPartnerCode(partner as PartnerId)) {
    steps.push({
      kind: 'input',
      id: 'partnerCode',
      prompt: t('Partner code, as {0} gave it to you', definition.label),
      validate: (value) =>
        connectionProblem(
          { partner: partner as PartnerId, baseUrl: 'https://partner.example', partnerCode: value },
          'partnerCode',
          t('This must be printable ASCII without spaces around it.'),
        ),
    });
  }
  if (definition.body.form === 'encrypted') steps.push(...cipherSteps(partner as PartnerId, answers, t));
  steps.push({
    kind: 'input',
    id: 'label',
    prompt: t('Name of this profile'),
    value: definition.label,
    validate: (value) => (/^[^\p{C}]{1,80}$/u.test(value.trim()) ? undefined : t('A name has 1 to 80 characters.')),
  });
  return steps;
}

function partnerStep(t: Translate): Step {
  return {
    kind: 'pick',
    id: 'partner',
    prompt: t('Which partner?'),
    items: [
      { value: 'tconnect', label: 'TCONNECT', detail: t('Encrypted payloads with a partner code') },
      { value: 'bizmail', label: 'BizMail', detail: t('Plain JSON or multipart') },
      { value: 'cloudreve', label: 'Cloudreve', detail: t('Cloudreve v4, with one-time codes') },
      {
        value: sandboxChoice,
        label: `$(beaker) ${t('Sandbox')}`,
        detail: t('A partner on this machine, to try everything without an account'),
      },
    ],
  };
}

function cipherSteps(partner: PartnerId, answers: Answers, t: Translate): Step[] {
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
  taken: readonly string[],
): { readonly profile: Profile; readonly key: string | undefined; readonly iv: string | undefined } {
  const partner = answers.partner as PartnerId;
  const label = (answers.label ?? '').trim();
  const encrypted = partners[partner].body.form === 'encrypted';
  const baseUrl = answers.baseUrl ?? answers.url ?? '';
  return {
    profile: {
      id: freeId(label, taken),
      label,
      partner,
      baseUrl: answers.url === undefined || answers.url === otherUrl ? baseUrl : answers.url,
      ...(answers.partnerCode && { partnerCode: answers.partnerCode }),
      ...(encrypted && { cipher: cipherFrom(answers) }),
    },
    key: encrypted ? answers.key : undefined,
    // An IV typed before the rule was changed again is of no use.
    iv: encrypted && answers.iv?.startsWith('fixed') === true ? answers.ivValue : undefined,
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

function needsPartnerCode(partner: PartnerId): boolean {
  return Object.values(partners[partner].headers ?? {}).some((value) => value.includes('{partnerCode}'));
}

function connectionProblem(
  connection: { readonly partner: PartnerId; readonly baseUrl: string; readonly partnerCode: string },
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
