import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a server keeps, in a file, so that it survives `kill -9`. */
export class StateFile<T> {
  readonly #path: string;
  readonly entries: Map<string, T>;

  constructor(path: string) {
    this.#path = path;
    this.entries = new Map(existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as [string, T][]) : []);
  }

  save(): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify([...this.entries]));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
