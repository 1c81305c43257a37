import { randomInt, randomUUID } from 'node:crypto';
import { deflateSync } from 'node:zlib';

// Cloudreve 4.18 service/basic/site.go: 30 minutes.
const lifetime = 1800;

// One string per digit, five rows of three pixels.
const glyphs = [
  '111101101101111',
  '010110010010111',
  '111001111100111',
  '111001111001111',
  '101101111001001',
  '111100111001111',
  '111100111101111',
  '111001010010010',
  '111101111101111',
  '111101111001111',
];

/** Captchas of six digits, each valid for one attempt. */
export class Captchas {
  readonly #open = new Map<string, { readonly text: string; readonly expiresAt: number }>();

  /** `now` is in epoch milliseconds; `image` is a data URI. */
  issue(now: number): { readonly image: string; readonly ticket: string } {
    const ticket = randomUUID();
    const text = String(randomInt(1_000_000)).padStart(6, '0');
    for (const [id, { expiresAt }] of this.#open) if (now >= expiresAt) this.#open.delete(id);
    this.#open.set(ticket, { text, expiresAt: now + lifetime * 1000 });
    return { image: `data:image/png;base64,${drawDigits(text).toString('base64')}`, ticket };
  }

  getText(ticket: string): string | undefined {
    return this.#open.get(ticket)?.text;
  }

  /** Whether the text is correct. Invalidates the ticket in any case. */
  redeem(ticket: string, text: string, now: number): boolean {
    const found = this.#open.get(ticket);
    if (found === undefined || text === '') return false;
    this.#open.delete(ticket);
    return found.text === text && now < found.expiresAt;
  }
}

/** Draws a PNG of black digits on white, large enough to read on a screen. */
function drawDigits(text: string): Buffer {
  const scale = 8;
  const width = (text.length * 4 + 1) * scale;
  const height = 7 * scale;
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(width + 1, 255);
    row[0] = 0;
    for (let x = 0; x < width; x += 1) {
      if (isInk(text, Math.floor(x / scale) - 1, Math.floor(y / scale) - 1)) row[x + 1] = 0;
    }
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits per pixel, greyscale.
  header[8] = 8;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function isInk(text: string, column: number, row: number): boolean {
  if (column < 0 || column % 4 === 3 || row < 0 || row > 4) return false;
  const glyph = glyphs[Number(text.charAt(Math.floor(column / 4)))];
  return glyph?.charAt(row * 3 + (column % 4)) === '1';
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** CRC-32 as in PNG. node:zlib has it only since Node 22.2. */
function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
