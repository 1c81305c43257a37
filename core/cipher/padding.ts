/** The plaintext, in UTF-8 if it is a string, with PKCS#7 padding to a multiple of `unit` bytes (16 or 32). */
export function addPadding(plaintext: string | Uint8Array, unit: number): Buffer {
  const length = typeof plaintext === 'string' ? Buffer.byteLength(plaintext) : plaintext.length;
  const blocks = Buffer.allocUnsafe((Math.floor(length / unit) + 1) * unit);
  if (typeof plaintext === 'string') blocks.write(plaintext);
  else blocks.set(plaintext);
  return blocks.fill(blocks.length - length, length);
}

/** The bytes without their PKCS#7 padding; undefined unless every padding byte is valid (RFC 5652 section 6.3). */
export function removePadding(blocks: Buffer, unit: number): Buffer | undefined {
  const count = blocks.at(-1);
  if (count === undefined || count < 1 || count > unit || blocks.length % unit !== 0) return undefined;
  const end = blocks.length - count;
  for (let at = end; at < blocks.length; at++) if (blocks[at] !== count) return undefined;
  return blocks.subarray(0, end);
}
