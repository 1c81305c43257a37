import type crypto from 'node:crypto';
import type fs from 'node:fs';
import { createRequire } from 'node:module';

export function onFirstUse<T>(load: () => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load());
}

// Node 22.0 to 22.2 have no getBuiltinModule; a CommonJS bundle has no `import.meta`.
export function loadNodeModule(name: string): unknown {
  return 'getBuiltinModule' in process ? process.getBuiltinModule(name) : createRequire(import.meta.url)(name);
}

/*
 * An `import` of these modules evaluates all that they would load lazily, which takes as long as loading this library; and
 * a session that hands out a good token needs none of it.
 */
export const nodeCrypto = onFirstUse(() => loadNodeModule('node:crypto') as typeof crypto);
export const nodeFs = onFirstUse(() => loadNodeModule('node:fs') as typeof fs);
export const files = onFirstUse(() => nodeFs().promises);
