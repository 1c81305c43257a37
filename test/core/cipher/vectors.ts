import { readFileSync } from 'node:fs';
import type { CreateCbcEngine } from '../../../core/cipher/engine.ts';
import { forgeEngine } from '../../../core/cipher/forge-engine.ts';
import { nativeEngine } from '../../../core/cipher/native-engine.ts';
import { addPadding, removePadding } from '../../../core/cipher/padding.ts';

// Provenance, licence and checksums of the files: test/vectors/README.md.

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

/** How many vectors the file itself says it holds. */
export const announced = file.numberOfTests;
export const wycheproof: readonly Vector[] = file.testGroups.flatMap(({ keySize, tests }) =>
  tests.map((vector) => ({ ...vector, keySize })),
);

export const engines: readonly (readonly [string, CreateCbcEngine])[] = [
  ['node-forge', forgeEngine],
  ['node:crypto', nativeEngine],
];

export const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Engine and padding, as the cipher puts them together, for the key sizes that the cipher itself does not take. */
export function padding(create: CreateCbcEngine, key: Uint8Array, iv: Uint8Array) {
  const engine = create(key);
  return {
    seal: (plain: string | Uint8Array): string =>
      Buffer.from(engine.encrypt(addPadding(plain, 16), iv)).toString('hex'),
    // Engines may overwrite what they are given.
    open: (sealed: Uint8Array): Buffer | undefined => removePadding(engine.decrypt(Buffer.from(sealed), iv), 16),
  };
}
