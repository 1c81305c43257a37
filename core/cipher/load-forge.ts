import { createRequire } from 'node:module';
import type forgeAes from 'node-forge/lib/aes.js';

/** Loads forge synchronously on first use, so that importing the library does not load it. */
export function loadForgeAes(): typeof forgeAes {
  return createRequire(import.meta.url)('node-forge/lib/aes.js') as typeof forgeAes;
}
