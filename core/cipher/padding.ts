import type { Padding } from './settings.ts';

const fillers = { zero: 0, space: 0x20 };

/**
 * The plaintext, in UTF-8 if it is a string, with its padding.
 *
 * @throws TypeError for a plaintext that this padding cannot represent.
 */
export function addPadding(plaintext: string | Uint8Array, padding: Padding): Buffer {
  const length = typeof plaintext === 'string' ? Buffer.byteLength(plaintext) : plaintext.length;
  const blocks = Buffer.allocUnsafe(paddedLength(length, padding));
  if (typeof plaintext === 'string') blocks.write(plaintext);
  else blocks.set(plaintext);
  if (typeof padding === 'number') return blocks.fill(blocks.length - length, length);
  if (padding === 'none') return blocks;
  const filler = fillers[padding];
  if (length > 0 && blocks[length - 1] === filler) {
    throw new TypeError(
      `With cipher.padding "${padding}" the plaintext cannot end with a ${padding === 'zero' ? 'zero byte' : 'blank'}, which the recipient would remove.`,
    );
  }
  return blocks.fill(filler, length);
}

function paddedLength(length: number, padding: Padding): number {
  if (typeof padding === 'number') return (Math.floor(length / padding) + 1) * padding;
  if (padding !== 'none') return Math.max(1, Math.ceil(length / 16)) * 16;
  if (length > 0 && length % 16 === 0) return length;
  throw new TypeError(`With cipher.padding "none" the plaintext must be a multiple of 16 bytes, but has ${length}.`);
}

/**
 * The bytes without their padding. Undefined if it is PKCS#7 and not every byte of it is valid (RFC 5652 section 6.3): the other
 * paddings have no invalid form.
 */
export function removePadding(blocks: Buffer, padding: Padding): Buffer | undefined {
  if (padding === 'none') return blocks;
  if (typeof padding === 'string') {
    let end = blocks.length;
    while (end > 0 && blocks[end - 1] === fillers[padding]) end--;
    return blocks.subarray(0, end);
  }
  const count = blocks.at(-1);
  if (count === undefined || count < 1 || count > padding || blocks.length % padding !== 0) return undefined;
  const end = blocks.length - count;
  for (let at = end; at < blocks.length; at++) if (blocks[at] !== count) return undefined;
  return blocks.subarray(0, end);
}
