export function onFirstUse<T>(load: () => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load());
}

/*
 * An `import` of these modules evaluates all that they would load lazily, which takes as long as loading this library; and
 * a session that hands out a good token needs none of it.
 */
export const nodeCrypto = onFirstUse(() => process.getBuiltinModule('node:crypto'));
export const nodeFs = onFirstUse(() => process.getBuiltinModule('node:fs'));
export const files = onFirstUse(() => nodeFs().promises);
