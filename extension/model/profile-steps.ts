import type { TextFormat } from '../../core/index.ts';
import {
  requiresCipher,
  requiresPartnerCode,
  traitsOf,
  type KnownPartners,
  type PartnerTrait,
  type Profile,
} from '../../core/profiles/index.ts';
import { baseUrlStep, clientIdStep, labelStep, partnerCodeStep, uniqueId, type Probe } from './connection-steps.ts';
import { oauth2Choice, oauth2Steps } from './oauth2-steps.ts';
import { ivStep, keyStep } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, PickStep, Step } from './wizard.ts';

/** Selected instead of a partner to start the sandbox. Cannot be the id of a partner. */
export const sandboxChoice = '$sandbox';
const otherUrl = 'other';

/** The steps that create a profile. Without `probe`, no server is called. */
export function profileSteps(answers: Answers, partners: KnownPartners, t: Translate, probe?: Probe): readonly Step[] {
  const steps: Step[] = [partnerStep(partners, t)];
  const { partner = '', url } = answers;
  if (partner === oauth2Choice) return [...steps, ...oauth2Steps(answers, t, probe)];
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
  if (definition.client !== undefined) steps.push(clientIdStep(definition.label, t));
  if (requiresCipher(definition)) steps.push(...cipherSteps(partner, answers, t));
  steps.push({ ...labelStep(t), value: definition.label });
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
        value: oauth2Choice,
        label: t('OAuth 2.0 (password, client credentials, refresh token)'),
        detail: t('Any server with a token endpoint as in RFC 6749; makes a definition of your own'),
      },
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
      ...(definition?.client !== undefined && { client: { id: answers.clientId ?? '' } }),
      ...(isEncrypted && { cipher: cipherFrom(answers) }),
    },
    key: isEncrypted ? answers.key : undefined,
    // The user may have entered an IV and then gone back to choose another rule.
    iv: isEncrypted && isFixedIv(answers) ? answers.ivValue : undefined,
  };
}
