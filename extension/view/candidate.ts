import type { CipherCandidate, Reason } from '../../core/index.ts';
import type { Translate } from '../model/translate.ts';

/** Cipher settings in one line, without key and IV bytes. */
export function candidateLabel({ settings, payload }: CipherCandidate, t: Translate): string {
  const {
    algorithm = 'aes-256-cbc',
    keyFormat = 'utf8',
    derivation = 'none',
    iv,
    padding = 16,
    output = 'hex',
    ciphertextPrefix,
  } = settings;
  const derived = typeof derivation === 'string' ? derivation : Object.keys(derivation)[0];
  return [
    algorithm,
    t('key {0}', derived === 'none' ? keyFormat : `${keyFormat}, ${derived ?? ''}`),
    `IV ${iv.from}`,
    output,
    ...(ciphertextPrefix === undefined ? [] : [t('prefix "{0}"', ciphertextPrefix)]),
    ...(padding === 16 ? [] : [t('padding {0}', padding)]),
    payload,
  ].join(' · ');
}

export function reasonText(reason: Reason, t: Translate): string {
  switch (reason) {
    case 'padding is right':
      return t('the padding is correct');
    case 'text is UTF-8':
      return t('the text is UTF-8');
    case 'payload is JSON':
      return t('the payload is JSON');
    case 'payload is a query string':
      return t('the payload is a query string');
    case 'known text was found':
      return t('the known text was found');
    case 'whole known text':
      return t('it is the known text');
    case 'IV was computed':
      return t('the IV was computed from the known text');
  }
}
