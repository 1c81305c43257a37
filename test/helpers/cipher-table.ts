import { inspect } from 'node:util';
import { detectCipher } from '../../core/index.ts';
import { family, type FamilyRow } from '../core/cipher/family-vectors.ts';

/** The README's table of the cipher family, line by line: what each row is, how it was proven, and what finds it. */
export function cipherTable(): readonly string[] {
  return family.map((row) => `| ${[row.row, `\`${settingsText(row)}\``, programs(row), found(row)].join(' | ')} |`);
}

function settingsText({ settings }: FamilyRow): string {
  const { iv } = settings;
  const shown = { ...settings, iv: iv.from === 'fixed' ? { ...iv, value: '…' } : iv };
  return inspect(shown, { depth: Infinity, breakLength: Infinity });
}

function programs({ make, same }: FamilyRow): string {
  const all = [make, same ?? ''].join();
  return [all.includes('openssl enc') ? 'OpenSSL' : '', all.includes('java ') ? 'Java' : ''].filter(Boolean).join(', ');
}

function found({ key, messages: [{ plaintext, ciphertext, iv }] }: FamilyRow): string {
  const { verdict } = detectCipher({ key, ciphertext, plaintext, ...(iv !== undefined && { iv }) });
  return { found: 'found', ambiguous: 'fixed or field?', none: 'no' }[verdict];
}
