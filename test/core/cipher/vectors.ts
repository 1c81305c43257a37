import { readFileSync } from 'node:fs';
import type { CreateCbcEngine } from '../../../core/cipher/engine.ts';
import { forgeEngine } from '../../../core/cipher/forge-engine.ts';
import { nativeEngine } from '../../../core/cipher/native-engine.ts';
import { addPadding, removePadding } from '../../../core/cipher/padding.ts';

// See test/vectors/README.md for the provenance, licence and checksums of the files.

export interface Vector {
  readonly tcId: number;
  readonly keySize: number;
  readonly key: string;
  readonly iv: string;
  readonly msg: string;
  readonly ct: string;
  readonly result: 'valid' | 'invalid';
}

interface VectorFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly keySize: number;
    readonly tests: readonly Omit<Vector, 'keySize'>[];
  }[];
}

export function readVectors(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8'));
}

const file = readVectors('wycheproof-aes-cbc-pkcs5.json') as VectorFile;

/** The number of vectors that the file itself states. */
export const statedCount = file.numberOfTests;
export const wycheproof: readonly Vector[] = file.testGroups.flatMap(({ keySize, tests }) =>
  tests.map((vector) => ({ ...vector, keySize })),
);

export const engines: readonly (readonly [string, CreateCbcEngine])[] = [
  ['node-forge', forgeEngine],
  ['node:crypto', nativeEngine],
];

export const fromHex = (text: string): Buffer => Buffer.from(text, 'hex');

/** An engine with padding, combined as in the cipher, for key sizes that the cipher does not accept. */
export function paddedEngine(create: CreateCbcEngine, key: Uint8Array, iv: Uint8Array) {
  const engine = create(key);
  return {
    encrypt: (plain: string | Uint8Array): string =>
      Buffer.from(engine.encrypt(addPadding(plain, 16), iv)).toString('hex'),
    // Engines may overwrite their input.
    decrypt: (ciphertext: Uint8Array): Buffer | undefined =>
      removePadding(engine.decrypt(Buffer.from(ciphertext), iv), 16),
  };
}
