import { inspect } from 'node:util';
import { detectCipher } from '../../core/index.ts';
import { family, type FamilyRow } from '../core/cipher/family-vectors.ts';

/** The lines of the README's cipher family table: settings, programs that made the vectors, and detection result. */
export function cipherTable(): readonly string[] {
  return family.map(
    (row) => `| ${[row.row, `\`${formatSettings(row)}\``, formatPrograms(row), detectionResult(row)].join(' | ')} |`,
  );
}

function formatSettings({ settings }: FamilyRow): string {
  const { iv } = settings;
  const shown = { ...settings, iv: iv.from === 'fixed' ? { ...iv, value: '…' } : iv };
  return inspect(shown, { depth: Infinity, breakLength: Infinity });
}

function formatPrograms({ make, same }: FamilyRow): string {
  const commands = [make, same ?? ''].join();
  return [commands.includes('openssl enc') ? 'OpenSSL' : '', commands.includes('java ') ? 'Java' : '']
    .filter(Boolean)
    .join(', ');
}

function detectionResult({ key, messages: [{ plaintext, ciphertext, iv }] }: FamilyRow): string {
  const { verdict } = detectCipher({ key, ciphertext, plaintext, ...(iv !== undefined && { iv }) });
  return { found: 'found', ambiguous: 'fixed or field?', none: 'no' }[verdict];
}
