import type { CipherCandidate, KeyDerivation, Reason } from '../../core/index.ts';
import type { Translate } from '../model/translate.ts';

/** Cipher settings on one line, without the key and the IV. */
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
  const derived = derivationLabel(derivation);
  return [
    algorithm,
    t('key {0}', derived === 'none' ? keyFormat : `${keyFormat}, ${derived}`),
    `IV ${iv.from}`,
    [output].flat().join(' + '),
    ...(ciphertextPrefix === undefined ? [] : [t('prefix "{0}"', ciphertextPrefix)]),
    ...(padding === 16 ? [] : [t('padding {0}', padding)]),
    payload,
  ].join(' · ');
}

function derivationLabel(derivation: KeyDerivation): string {
  if (typeof derivation === 'string') return derivation;
  if ('hash' in derivation) return [derivation.hash, derivation.text ?? []].flat().join(' ');
  return 'evp' in derivation ? 'evp' : 'pbkdf2';
}

export function reasonLabel(reason: Reason, t: Translate): string {
  switch (reason) {
    case 'padding is right':
      return t('the padding is correct');
    case 'text is UTF-8':
      return t('the plaintext is UTF-8');
    case 'payload is JSON':
      return t('the payload is JSON');
    case 'payload is a query string':
      return t('the payload is a query string');
    case 'known text was found':
      return t('the known plaintext was found');
    case 'whole known text':
      return t('the whole plaintext matches');
    case 'IV was computed':
      return t('the IV was computed from the known plaintext');
  }
}
