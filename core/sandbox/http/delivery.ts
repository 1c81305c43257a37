import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SandboxResponse } from './exchange.ts';
import type { SandboxFault } from './faults.ts';
import type { Timers } from './timers.ts';

interface Message {
  status: number;
  readonly headers: Record<string, string | string[]>;
  body: Buffer;
}

const jsonType = 'application/json; charset=utf-8';
const dripInterval = 50;
const oversizedBytes = 5 * 1024 * 1024;
const bombSize = 64 * 1024 * 1024;

let bomb: Promise<Buffer> | undefined;

/** Sends a response, with the fault applied. `date` is epoch milliseconds, for the `Date` header. */
export async function deliver(
  outgoing: ServerResponse,
  response: SandboxResponse,
  fault: SandboxFault | undefined,
  date: number,
  timers: Timers,
): Promise<void> {
  if (outgoing.destroyed) return;
  if (fault === 'resetBefore' || fault === 'resetAfter') reset(outgoing);
  else if (fault !== 'hang' && fault !== 'hangAfter') {
    const message = await corrupt(compose(response, fault), fault);
    outgoing.sendDate = false;
    outgoing.writeHead(message.status, {
      date: new Date(date).toUTCString(),
      ...message.headers,
      'content-length': String(message.body.length),
    });
    if (fault === 'halfResponse') {
      outgoing.write(message.body.subarray(0, Math.floor(message.body.length / 2)), () => outgoing.destroy());
    } else if (fault === 'drip') drip(outgoing, message.body, timers);
    else outgoing.end(message.body);
  }
}

function compose(response: SandboxResponse, fault: SandboxFault | undefined): Message {
  if (typeof fault === 'object') {
    if ('redirect' in fault) return message(fault.status ?? 302, '', { location: fault.redirect });
    if ('text' in fault) return message(200, fault.text, { 'content-type': fault.contentType ?? jsonType });
    if ('status' in fault) return composeStatus(response, fault);
  }
  const isRewritten = typeof fault === 'object' && response.outcome === 'ok';
  const json = isRewritten ? fault.rewrite(structuredClone(response.json)) : response.json;
  // Contrary to its type, JSON.stringify returns undefined for undefined. A body that is nothing but ciphertext is no JSON.
  const sent = json === undefined || response.encrypt === undefined ? json : response.encrypt(json);
  const isCiphertext = typeof sent === 'string' && response.encrypt !== undefined;
  const body = isCiphertext ? sent : (JSON.stringify(sent) as string | undefined);
  return message(response.status, response.text ?? body ?? '', {
    'content-type': jsonType,
    ...response.headers,
  });
}

function composeStatus(
  response: SandboxResponse,
  fault: Extract<SandboxFault, { status: number; retryAfter?: string }>,
): Message {
  const retryHeader = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
  if (fault.html !== true) {
    const text = response.text ?? JSON.stringify(response.json);
    return message(fault.status, text, { 'content-type': jsonType, ...response.headers, ...retryHeader });
  }
  const page = `<!DOCTYPE html><html><head><title>${fault.status}</title></head><body><h1>Proxy error ${fault.status}</h1></body></html>`;
  return message(fault.status, page, { 'content-type': 'text/html', ...retryHeader });
}

function message(status: number, text: string, headers: Message['headers']): Message {
  return { status, headers, body: Buffer.from(text) };
}

async function corrupt(original: Message, fault: SandboxFault | undefined): Promise<Message> {
  const { headers, body } = original;
  if (fault === 'brokenJson') return { ...original, body: body.subarray(0, -1) };
  if (fault === 'wrongContentType') return { ...original, headers: { ...headers, 'content-type': 'text/html' } };
  if (fault === 'byteOrderMark') return { ...original, body: Buffer.concat([Buffer.from('\ufeff'), body]) };
  if (fault === 'oversized') return { ...original, body: Buffer.concat([body, Buffer.alloc(oversizedBytes, ' ')]) };
  if (fault !== 'gzipBomb') return original;
  // Gzip members can be concatenated, so the large one is compressed once per process.
  bomb ??= promisify(gzip)(Buffer.alloc(bombSize, ' '));
  const members = await Promise.all([promisify(gzip)(body), bomb]);
  return { ...original, headers: { ...headers, 'content-encoding': 'gzip' }, body: Buffer.concat(members) };
}

function drip(outgoing: ServerResponse, body: Buffer, timers: Timers): void {
  const send = (index: number): void => {
    if (outgoing.destroyed) return;
    if (index >= body.length) {
      outgoing.end();
      return;
    }
    outgoing.write(body.subarray(index, index + 1));
    timers.after(dripInterval, () => send(index + 1));
  };
  send(0);
}

function reset(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  // Node supports a reset only on a plain socket.
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
  else outgoing.destroy();
}
