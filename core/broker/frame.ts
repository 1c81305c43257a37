import type { IncomingMessage } from 'node:http';

/** What travels in both directions: a line of JSON, then bytes. */
export interface Frame {
  readonly head: unknown;
  /** The next bytes; undefined at the end. Rejects if the connection breaks. */
  next(): Promise<Buffer | undefined>;
}

const lineFeed = 0x0a;
/** In bytes. */
const maxHead = 16 * 1024 * 1024;

export function headLine(head: object): Buffer {
  return Buffer.from(`${JSON.stringify(head)}\n`);
}

/** @throws Error if the message is no frame, or ends too early. */
export async function readFrame(message: IncomingMessage): Promise<Frame> {
  const iterator = message.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  const next = async (): Promise<Buffer | undefined> => (await iterator.next()).value;
  const chunks: Buffer[] = [];
  let size = 0;
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    const end = chunk.indexOf(lineFeed);
    if (end === -1) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxHead) break;
      continue;
    }
    const head = JSON.parse(Buffer.concat([...chunks, chunk.subarray(0, end)]).toString()) as unknown;
    let rest: Buffer | undefined = chunk.subarray(end + 1);
    return {
      head,
      async next() {
        const first = rest;
        rest = undefined;
        return first !== undefined && first.length > 0 ? first : next();
      },
    };
  }
  throw new Error('The message has no head.');
}

/** The bytes of a frame after its head; undefined if there are more than `limit`. */
export async function readAll(frame: Frame, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (let chunk = await frame.next(); chunk !== undefined; chunk = await frame.next()) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
