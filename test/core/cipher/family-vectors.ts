import type { CipherSettings } from '../../../core/index.ts';
import type { Row } from '../../vectors/cipher-family-rows.ts';
import { readVectors } from './vectors.ts';

export interface FamilyMessage {
  readonly plaintext: string;
  readonly ciphertext: string;
  /** Only where the IV is sent in its own field. */
  readonly iv?: string;
}

export interface FamilyRow extends Row {
  readonly messages: readonly [FamilyMessage, ...FamilyMessage[]];
}

interface FamilyFile {
  /** Shell functions that the commands of the rows call. */
  readonly preamble: string;
  readonly rows: readonly FamilyRow[];
}

/** Vectors made by OpenSSL and Java, one row for each partner or setting; see test/vectors/README.md. */
export const { preamble, rows: family } = readVectors('cipher-family.json') as FamilyFile;

export function settingsOf({ settings, key }: FamilyRow): CipherSettings {
  return { ...settings, key };
}

export function findRow(name: string): FamilyRow {
  const row = family.find((candidate) => candidate.row === name);
  if (row === undefined) throw new Error(`No row is named ${name}.`);
  return row;
}
