import type {
  CipherCandidate,
  CipherSample,
  CipherSettingsWithoutSecrets,
  PartnerAuthError,
} from '../../core/index.ts';
import { toSavedProfile, type CheckedProfile, type Profile, type SecretRecord } from '../../core/profiles/index.ts';
import { ivBeside, readEnvelope } from './envelope.ts';
import type { Translate } from './translate.ts';
import type { Answers, Step } from './wizard.ts';

/** What is asked for to find cipher settings: one message, and all that is known of it. */
export function detectionSteps(answers: Answers, keyIsStored: boolean, t: Translate): readonly Step[] {
  const needed = (value: string): string | undefined => (value.trim() === '' ? t('This is required.') : undefined);
  const steps: Step[] = [
    {
      kind: 'input',
      id: 'ciphertext',
      prompt: t('One ciphertext of the partner, or the whole envelope around it'),
      placeholder: '{"data":"9f2c…"}',
      validate: needed,
    },
    {
      kind: 'input',
      id: 'plaintext',
      secret: true,
      prompt: t('Its plaintext or a part of it, if you know it (leave empty otherwise)'),
    },
    {
      kind: 'input',
      id: 'iv',
      secret: true,
      prompt: t('Its IV, if you have one (leave empty otherwise)'),
    },
  ];
  if (keyIsStored) {
    steps.push({
      kind: 'pick',
      id: 'whichKey',
      prompt: t('Which key?'),
      value: 'stored',
      items: [
        { value: 'stored', label: t('The stored key of this profile') },
        { value: 'other', label: t('Another key…') },
      ],
    });
  }
  if (!keyIsStored || answers.whichKey === 'other') {
    steps.push({
      kind: 'input',
      id: 'key',
      secret: true,
      prompt: t('The key, as the partner wrote it'),
      validate: needed,
    });
  }
  return steps;
}

/** The sample of core: of an envelope its ciphertext, and the IV beside it unless another one was given. */
export function sampleFrom(answers: Answers, secrets: SecretRecord | undefined): CipherSample {
  const { plaintext = '', iv = '' } = answers;
  const envelope = readEnvelope(answers.ciphertext ?? '');
  // An answer of a step that the user has gone back from is none.
  const typed = answers.whichKey === 'stored' ? undefined : answers.key?.trim();
  return {
    key: typed ?? secrets?.key ?? '',
    ciphertext: envelope.ciphertext,
    ...(plaintext !== '' && { plaintext }),
    ...(iv === '' ? ivBeside(envelope) : { iv: iv.trim() }),
  };
}

/** Why a sample can not be tried; undefined for an error about something else. */
export function sampleProblem({ setting }: PartnerAuthError, t: Translate): string | undefined {
  switch (setting) {
    case 'sample.ciphertext':
      return t(
        'The ciphertext is neither hex nor base64 of whole AES blocks, or it is over 1 MiB. Check that it is complete and that it is the ciphertext alone.',
      );
    case 'sample.plaintext':
      return t('The plaintext is over 1 MiB; a part of it is enough.');
    case 'sample.iv':
      return t('The IV must be 16 bytes, written as text, hex or base64.');
    case 'sample.key':
      return t('The key is too long to be a key or a password.');
    default:
      return undefined;
  }
}

/** The profile as it stands in the settings, with these cipher settings; the IV's value stays out of it. */
export function withDetected(profile: CheckedProfile, found: CipherCandidate['settings']): Profile {
  const { iv, ...rest } = found;
  const rule: CipherSettingsWithoutSecrets['iv'] =
    iv.from === 'fixed' ? { from: 'fixed', ...(iv.format && { format: iv.format }) } : iv;
  return { ...toSavedProfile(profile), cipher: { ...rest, iv: rule } };
}
