import { randomInt } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { randomWord } from '../random.ts';

// Five rows of three pixels. Only characters that are unlike each other.
const glyphs: Readonly<Record<string, string>> = {
  2: '111001111100111',
  3: '111001111001111',
  4: '101101111001001',
  6: '111100111101111',
  7: '111001010010010',
  8: '111101111101111',
  9: '111101111001111',
  A: '010101111101101',
  C: '111100100100111',
  E: '111100110100111',
  F: '111100110100100',
  H: '101101111101101',
  K: '101101110101101',
  L: '100100100100111',
  P: '111101111100100',
  T: '111010010010010',
  U: '101101101101111',
  X: '101101010101101',
  Y: '101101010010010',
};

/**
 * Captchas of six letters and digits, each valid for one attempt. As in base64Captcha, which Cloudreve uses, they have no age and letter
 * case does not matter; its own `CaptchaTTL` is not applied anywhere (service/basic/site.go).
 */
export class Captchas {
  readonly #open = new Map<string, string>();

  /** `image` is a data URI, `ticket` has 20 characters. */
  issue(): { readonly image: string; readonly ticket: string } {
    const ticket = randomWord(20);
    const characters = Object.keys(glyphs);
    const text = Array.from({ length: 6 }, () => characters[randomInt(characters.length)]).join('');
    this.#open.set(ticket, text);
    return { image: `data:image/png;base64,${drawText(text).toString('base64')}`, ticket };
  }

  getText(ticket: string): string | undefined {
    return this.#open.get(ticket);
  }

  /** Whether the text is correct. Invalidates the ticket in any case. */
  redeem(ticket: string, text: string): boolean {
    const found = this.#open.get(ticket);
    if (found === undefined) return false;
    this.#open.delete(ticket);
    return found.toLowerCase() === text.toLowerCase();
  }

  /** Forgets all of them, as a restart does. */
  clear(): void {
    this.#open.clear();
  }
}

/** Draws a PNG of black characters on white, large enough to read on a screen. */
function drawText(text: string): Buffer {
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
  const glyph = glyphs[text.charAt(Math.floor(column / 4))];
  return glyph?.charAt(row * 3 + (column % 4)) === '1';
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
