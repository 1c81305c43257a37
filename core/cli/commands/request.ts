import { constants, openAsBlob } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { StreamOptions } from '../../broker/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Given } from '../grammar/given.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { readBytes, readJsonFile, toJson } from '../input.ts';
import { withSession, type VerbSession } from '../profiles.ts';
import { debug } from '../terminal/debug.ts';
import { note, writeResult } from '../terminal/output.ts';
import { withProgress } from '../terminal/progress.ts';
import { replaceFile } from '../terminal/replace-file.ts';
import { configurationFailure, UsageError } from '../usage-error.ts';

type StreamedResponse = Awaited<ReturnType<VerbSession['stream']>>;

export const run: RunVerb = async (given, signal) => {
  const method = given.required('METHOD') as NonNullable<StreamOptions['method']>;
  const path = given.required('PATH');
  // As in curl, "-" is stdout.
  const out = given.text('out') === '-' ? undefined : given.text('out');
  const timeout = given.number('timeout');
  const options: StreamOptions = {
    method,
    ...(await content(given)),
    ...(given.has('query') && {
      query: new URLSearchParams(given.list('query').map((pair) => split(pair, '=', '--query'))),
    }),
    ...(given.has('header') && { headers: headersOf(given.list('header')) }),
    ...(timeout !== undefined && { timeout: Math.ceil(timeout * 1000) }),
    ...(out !== undefined && { expect: 'file' }),
    signal,
  };
  return withSession(given, async (session, { definition }) => {
    debug(`> ${method} ${path.replace(/\?.*/s, '')}`);
    const response = await withProgress(`Waiting for ${definition.label}`, () => session.stream(path, options));
    debug(`< HTTP ${response.status}`);
    if (given.has('include')) await writeResult(head(response));
    // Never over a file with what was asked for before: an error is no such file.
    if (out !== undefined && response.ok) await replaceFile(out, response.body);
    else await writeBody(response);
    if (response.ok) return exitCodes.success;
    note(`HTTP ${response.status}${response.error === undefined ? '' : `: ${response.error.message}`}`);
    return exitCodes.failure;
  });
};

async function content(given: Given): Promise<Pick<StreamOptions, 'payload' | 'body'>> {
  const data = given.text('data');
  if (data !== undefined && given.has('form')) throw new UsageError('Give either -d or -F.');
  if (data !== undefined) {
    const payload = await (data === '-' || data.startsWith('@')
      ? readJsonFile(data.replace(/^@/, ''), '-d')
      : toJson(data, 'the value of -d'));
    if (typeof payload !== 'object' || payload === null)
      throw configurationFailure('The payload must be a JSON object or list.', 'payload');
    return { payload };
  }
  if (!given.has('form')) return {};
  const form = new FormData();
  for (const field of given.list('form')) {
    const [name, value] = split(field, '=', '-F');
    if (value.startsWith('@')) form.append(name, await fileOf(value.slice(1)), basename(value.slice(1)));
    else form.append(name, value);
  }
  return { body: form };
}

/** A pipe and stdin have no size that is known before they are read. */
async function fileOf(path: string): Promise<Blob> {
  return (await isReadableFile(path)) ? openAsBlob(path) : new Blob([await readBytes(path, '-F')]);
}

async function isReadableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return path !== '-' && (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The parts before and after the first separator. */
function split(text: string, separator: string, option: string): [name: string, value: string] {
  const at = text.indexOf(separator);
  if (at < 1) throw new UsageError(`${option} requires a name, "${separator}" and a value.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function headersOf(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of given.map((header) => split(header, ':', '--header'))) {
    if (Object.hasOwn(headers, name)) throw new UsageError(`--header ${name} is given twice.`);
    Object.defineProperty(headers, name, { value: value.trim(), enumerable: true });
  }
  return headers;
}

function head({ status, headers }: StreamedResponse): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  return `HTTP ${status}\n${lines.join('\n')}\n\n`;
}

/** The bytes as they are, so that a program can read them; on a terminal, with a line break at the end. */
async function writeBody({ body }: StreamedResponse): Promise<void> {
  let last: number | undefined;
  for await (const chunk of body) {
    await writeResult(chunk);
    last = chunk.at(-1);
  }
  if (process.stdout.isTTY && last !== undefined && last !== 0x0a) await writeResult('\n');
}
