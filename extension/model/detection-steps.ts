import type { CipherCandidate, CipherSample, PartnerAuthError } from '../../core/index.ts';
import {
  findIv,
  readEnvelope,
  toSavedCipher,
  toSavedProfile,
  type CheckedProfile,
  type Profile,
  type SecretRecord,
} from '../../core/profiles/index.ts';
import { tidyUnknownKey } from './pasted.ts';
import type { Translate } from './translate.ts';
import type { Answers, Step } from './wizard.ts';

/** The steps that collect a sample for cipher detection: one message and what is known about it. */
export function detectionSteps(answers: Answers, keyIsStored: boolean, t: Translate): readonly Step[] {
  const validateRequired = (value: string): string | undefined =>
    value.trim() === '' ? t('This is required.') : undefined;
  const steps: Step[] = [
    {
      kind: 'input',
      id: 'ciphertext',
      prompt: t('A ciphertext from the partner, or the envelope that contains it'),
      placeholder: '{"data":"9f2c…"}',
      validate: validateRequired,
    },
    {
      kind: 'input',
      id: 'plaintext',
      secret: true,
      prompt: t('Plaintext of the message, or part of it (optional)'),
    },
    {
      kind: 'input',
      id: 'iv',
      secret: true,
      prompt: t('IV of the message (optional)'),
      tidy: (value) => tidyUnknownKey([16], value, t),
    },
  ];
  if (keyIsStored) {
    steps.push({
      kind: 'pick',
      id: 'whichKey',
      prompt: t('Select a key'),
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
      prompt: t('The key, exactly as the partner provided it'),
      tidy: (value) => tidyUnknownKey([16, 24, 32], value, t),
      validate: validateRequired,
    });
  }
  return steps;
}

/** The sample for `detectCipher`. From an envelope it takes the ciphertext, and the IV unless the user entered one. */
export function sampleFrom(answers: Answers, secrets: SecretRecord | undefined): CipherSample {
  const { plaintext = '', iv = '' } = answers;
  const envelope = readEnvelope(answers.ciphertext ?? '');
  // The user may have typed a key and then gone back to choose the stored one.
  const typed = answers.whichKey === 'stored' ? undefined : answers.key;
  return {
    key: typed === undefined ? (secrets?.key ?? '') : trimUnless([16, 24, 32], typed),
    ciphertext: envelope.ciphertext,
    ...(plaintext !== '' && { plaintext }),
    ...(iv === '' ? findIv(envelope) : { iv: trimUnless([16], iv) }),
  };
}

/** Blanks around a key or IV belong to it if it has the right length with them. */
function trimUnless(lengths: readonly number[], text: string): string {
  return lengths.includes(Buffer.byteLength(text)) ? text : text.trim();
}

/** Explains why a sample is not valid; undefined for an error about anything else. */
export function sampleProblem({ setting }: PartnerAuthError, t: Translate): string | undefined {
  switch (setting) {
    case 'sample.ciphertext':
      return t(
        'The ciphertext is not hex or base64 of whole AES blocks, or it is larger than 1 MiB. Check that it is complete and that nothing else is included.',
      );
    case 'sample.plaintext':
      return t('The plaintext is larger than 1 MiB. Part of it is enough.');
    case 'sample.iv':
      return t('The IV must be 16 bytes, as plain text, hex or base64.');
    case 'sample.key':
      return t('The key is too long. Check that nothing else is included.');
    default:
      return undefined;
  }
}

/** The profile as saved in the settings, with the detected cipher settings but without the value of a fixed IV. */
export function withCipherSettings(profile: CheckedProfile, detected: CipherCandidate['settings']): Profile {
  return { ...toSavedProfile(profile), cipher: toSavedCipher(detected) };
}
