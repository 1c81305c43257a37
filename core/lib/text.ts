/**
 * Decodes bytes by their byte order mark, else by the charset of `contentType`, else as UTF-8. The result has no byte
 * order mark; invalid bytes become U+FFFD.
 */
export function decodeText(bytes: Uint8Array, contentType?: string): string {
  const charset = charsetOfMark(bytes) ?? /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? '')?.[1];
  return decoderOf(charset).decode(bytes);
}

function charsetOfMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

function decoderOf(charset: string | undefined): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(charset);
  } catch {
    // The charset is unknown.
    return new TextDecoder();
  }
}
