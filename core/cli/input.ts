import { readFile } from 'node:fs/promises';
import { configurationFailure } from './usage-error.ts';
import { parseJson } from '../profiles/index.ts';
import { readStdinBytes } from './terminal/ask.ts';

/** The text of a file, or of stdin for `-`. `what` is the argument that names it. */
export async function readText(path: string, what: string): Promise<string> {
  return (await readBytes(path, what)).toString('utf8').replace(/^\uFEFF/, '');
}

export async function readBytes(path: string, what: string): Promise<Buffer> {
  if (path === '-') return readStdinBytes();
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw configurationFailure(`The file ${path} of ${what} could not be read (${code ?? 'unknown error'}).`);
  }
}

/** @throws PartnerAuthError `configuration` if the file cannot be read, or is not JSON. */
export async function readJsonFile(path: string, what: string): Promise<unknown> {
  return toJson(await readText(path, what), path === '-' ? 'stdin' : `the file ${path}`);
}

/** @throws PartnerAuthError `configuration` if the text is not JSON, or has an integer that a number would round. */
export function toJson(text: string, where: string): unknown {
  const value = parseJson(text);
  if (value === undefined) throw configurationFailure(`${capitalized(where)} is not valid JSON.`);
  const rounded = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g) ?? [];
  if (rounded.some((digits) => BigInt(digits) !== BigInt(Number(digits)))) {
    throw configurationFailure(
      `${capitalized(where)} has an integer with more digits than a JSON number holds exactly. Send it as a string, if the partner takes one.`,
    );
  }
  return value;
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
