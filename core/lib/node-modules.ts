import type crypto from 'node:crypto';
import type fs from 'node:fs';
import nodeModule from 'node:module';
import type util from 'node:util';

/** Calls `load` on first use and caches its result. */
export function lazy<T>(load: () => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load());
}

// Node 22.0 to 22.2 have no getBuiltinModule. Any path will do for built-in modules, and a CommonJS bundle has no `import.meta`.
export function loadNodeModule(name: string): unknown {
  const { execPath } = process;
  return 'getBuiltinModule' in process ? process.getBuiltinModule(name) : nodeModule.createRequire(execPath)(name);
}

/*
 * An `import` of these modules evaluates everything that they would otherwise load lazily. That takes as long as
 * loading this library, and a session that returns a valid token needs none of it.
 */
export const nodeCrypto = lazy(() => loadNodeModule('node:crypto') as typeof crypto);
export const nodeUtil = lazy(() => loadNodeModule('node:util') as typeof util);
export const nodeFs = lazy(() => loadNodeModule('node:fs') as typeof fs);
export const fsPromises = lazy(() => nodeFs().promises);
