import type crypto from 'node:crypto';
import type fs from 'node:fs';
import type os from 'node:os';
import type util from 'node:util';

/** Calls `load` on first use and caches its result. */
export function lazy<T>(load: () => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load());
}

export const loadNodeModule = (name: string): unknown => process.getBuiltinModule(name);

/*
 * An `import` of these modules evaluates everything that they would otherwise load lazily. That takes as long as
 * loading this library, and a session that returns a valid token needs none of it.
 */
export const nodeCrypto = lazy(() => loadNodeModule('node:crypto') as typeof crypto);
export const nodeUtil = lazy(() => loadNodeModule('node:util') as typeof util);
export const nodeFs = lazy(() => loadNodeModule('node:fs') as typeof fs);
export const nodeOs = lazy(() => loadNodeModule('node:os') as typeof os);
export const fsPromises = lazy(() => nodeFs().promises);
