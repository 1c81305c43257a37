/** ` Did you mean "name"?` for the known name that is most like `given`; empty if none is. */
export function didYouMean(given: string, known: readonly string[]): string {
  const name = closest(given, known);
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}

/** The known name that `given` is probably a misspelling of. */
export function closest(given: string, known: readonly string[]): string | undefined {
  if (given.length > 40) return undefined;
  const limit = Math.min(3, Math.max(1, Math.floor(given.length / 3)));
  return known
    .map((name) => ({ name, distance: distanceOf(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0]?.name;
}

/** How many characters are inserted, removed, replaced or exchanged with their neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      const isExchanged = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
        isExchanged ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, current];
  }
  return last[b.length] ?? 0;
}

/**
 * A copy of the object, whose missing properties are a TypeError if they are probably a misspelling: JavaScript would report
 * only that something else is undefined. Any other missing property is undefined, as runtimes and test runners expect.
 */
export function withSuggestions<T extends object>(what: string, object: T): T {
  const prototype = new Proxy(
    {},
    {
      get(target, key, receiver) {
        if (typeof key === 'string' && !(key in target)) {
          const suggestion = didYouMean(key, Object.keys(object));
          if (suggestion !== '') throw new TypeError(`${what} has no property "${key}".${suggestion}`);
        }
        return Reflect.get(target, key, receiver) as unknown;
      },
    },
  );
  // Not a proxy itself, which could not be cloned.
  const copy = Object.create(prototype, Object.getOwnPropertyDescriptors(object)) as T;
  return Object.isFrozen(object) ? Object.freeze(copy) : copy;
}
