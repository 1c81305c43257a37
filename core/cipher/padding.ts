/** The text as UTF-8 bytes with PKCS#7 padding to whole 16-byte blocks. */
export function padded(plaintext: string | Uint8Array): Buffer {
  const length = typeof plaintext === 'string' ? Buffer.byteLength(plaintext) : plaintext.length;
  const blocks = Buffer.allocUnsafe((length | 15) + 1);
  if (typeof plaintext === 'string') blocks.write(plaintext);
  else blocks.set(plaintext);
  return blocks.fill(blocks.length - length, length);
}

/** The bytes without their PKCS#7 padding; undefined unless every padding byte is right (RFC 5652 section 6.3). */
export function unpadded(blocks: Buffer): Buffer | undefined {
  const count = blocks.at(-1);
  if (count === undefined || count < 1 || count > 16) return undefined;
  const end = blocks.length - count;
  for (let at = end; at < blocks.length; at++) if (blocks[at] !== count) return undefined;
  return blocks.subarray(0, end);
}
