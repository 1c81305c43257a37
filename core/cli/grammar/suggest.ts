/** The name that was probably meant; undefined if none is close. */
export function suggest(given: string, names: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  const limit = word.length < 3 ? 0 : word.length < 6 ? 1 : 2;
  const [best] = names
    .map((name) => {
      const lower = name.toLowerCase();
      return { name, distance: lower.startsWith(word) && word.length >= 2 ? 0 : distance(word, lower) };
    })
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return best?.name;
}

/** ` Did you mean "x"?`, or an empty string. */
export function didYouMean(given: string, names: readonly string[], prefix = ''): string {
  const name = suggest(given, names);
  return name === undefined ? '' : ` Did you mean ${prefix}${name}?`;
}

/** How many letters must be inserted, deleted, replaced or swapped with the next one. */
function distance(a: string, b: string): number {
  let [beforeLast, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, replaced, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
