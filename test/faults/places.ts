import { inspect } from 'node:util';

/** Everything that a careless log could print of a value. */
export function everything(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const texts = [
    inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity }),
    inspect(value, { depth: 0 }),
    String(value),
  ];
  const json: unknown = JSON.stringify(value);
  if (typeof json === 'string') texts.push(json);
  if (value instanceof Error) {
    texts.push(value.stack ?? '', inspect(structuredClone(value), { depth: Infinity }), inspect(value.cause));
  }
  return texts;
}

/** The spellings in which a secret could be seen. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
  ];
}

/** Texts in which no secret may be seen. */
export class Places {
  readonly #secrets = new Set<string>();
  readonly #texts: { where: string; text: string }[] = [];

  secret(...values: (string | undefined)[]): void {
    for (const value of values) if (value !== undefined && value.length >= 4) this.#secrets.add(value);
  }

  add(where: string, value: unknown): void {
    for (const text of everything(value)) this.#texts.push({ where, text });
  }

  get count(): number {
    return this.#texts.length;
  }

  get secrets(): number {
    return this.#secrets.size;
  }

  /** Where a secret was seen; empty when nowhere. Never says which. */
  seen(): string[] {
    const all = [...this.#secrets].flatMap(spellings);
    const found = this.#texts.filter(({ text }) => all.some((secret) => text.includes(secret)));
    return [...new Set(found.map(({ where }) => where))];
  }
}
