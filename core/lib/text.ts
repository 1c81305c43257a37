/**
 * Decodes bytes by their byte order mark, else by the charset of `contentType`, else as UTF-8. The result has no byte
 * order mark; invalid bytes become U+FFFD.
 */
export function decodeText(bytes: Uint8Array, contentType?: string): string {
  const charset = charsetOfMark(bytes) ?? /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? '')?.[1];
  return decoderOf(charset).decode(bytes);
}

function charsetOfMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

const utf8 = new TextDecoder();

function decoderOf(charset = 'utf-8'): { decode(bytes: Uint8Array): string } {
  if (/^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset);
  } catch {
    // The charset is unknown.
    return utf8;
  }
}
