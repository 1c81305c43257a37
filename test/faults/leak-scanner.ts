import { inspect } from 'node:util';

/** Every string that a careless log could print of a value. */
export function representations(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const strings = [
    inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity }),
    inspect(value, { depth: 0 }),
    String(value),
  ];
  const json: unknown = JSON.stringify(value);
  if (typeof json === 'string') strings.push(json);
  if (value instanceof Error) {
    strings.push(value.stack ?? '', inspect(structuredClone(value), { depth: Infinity }), inspect(value.cause));
  }
  return strings;
}

/** The encodings in which a secret could be printed. */
function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
  ];
}

/** Collects secrets and outputs, and finds the outputs that contain a secret. */
export class LeakScanner {
  readonly #secrets = new Set<string>();
  readonly #outputs: { source: string; content: string; allowed: readonly string[] }[] = [];

  /** Values of less than four characters are ignored: they occur everywhere. */
  addSecrets(...values: (string | undefined)[]): void {
    for (const value of values) if (value !== undefined && value.length >= 4) this.#secrets.add(value);
  }

  /** `allowed` are secrets whose output is the task of the source. */
  addOutput(source: string, value: unknown, allowed: readonly string[] = []): void {
    for (const content of representations(value)) this.#outputs.push({ source, content, allowed });
  }

  /** Every secret in every encoding that is searched for. */
  get spellings(): string[] {
    return [...this.#secrets].flatMap(encodings);
  }

  get outputCount(): number {
    return this.#outputs.length;
  }

  get secretCount(): number {
    return this.#secrets.size;
  }

  /** The sources of the outputs that contain a secret, without the secret itself. */
  findLeaks(): string[] {
    const all = [...this.#secrets].map((secret) => ({ secret, spellings: encodings(secret) }));
    const leaking = this.#outputs.filter(({ content, allowed }) =>
      all.some(
        ({ secret, spellings }) =>
          !allowed.includes(secret) && spellings.some((spelling) => content.includes(spelling)),
      ),
    );
    return [...new Set(leaking.map(({ source }) => source))];
  }
}
