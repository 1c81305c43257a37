import { decodeBase64, decodeHex } from '../cipher/text-codec.ts';
import { parseJson } from '../lib/json.ts';

interface Explanation {
  /** The rest of a sentence that begins with "sample.ciphertext". */
  readonly text: string;
  readonly applies: (ciphertext: string, canDecode: (text: string) => boolean) => boolean;
}

/** The bytes of hex or base64 of any length. */
function bytesOf(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '');
  return decodeHex(compact) ?? decodeBase64(compact);
}

/** What a ciphertext is that is not hex or base64 of whole blocks, most specific first. */
const explanations: readonly Explanation[] = [
  {
    text: 'is a whole envelope: take the field with the ciphertext out of the JSON.',
    applies: isJsonObject,
  },
  {
    text: 'is base64 of a JSON envelope, as Laravel writes it: decode it, and use its field "value" as ciphertext and "iv" as IV.',
    applies: (text) => isJsonObject(bytesOf(text)?.toString() ?? ''),
  },
  {
    text: 'is in quotes: remove them.',
    applies: (text, canDecode) => /^(["']).*\1$/s.test(text) && canDecode(text.slice(1, -1)),
  },
  {
    text: 'contains JSON escapes such as "\\/": parse the JSON, and use the string of its field.',
    applies: (text, canDecode) =>
      text.includes('\\') &&
      canDecode(
        text
          .replaceAll('\\/', '/')
          .replaceAll('\\u002b', '+')
          .replace(/\\[rn]/g, ''),
      ),
  },
  {
    text: 'is percent-encoded, as in a URL or a form: decode it first, with decodeURIComponent().',
    applies: (text, canDecode) => text.includes('%') && canDecode(decodePercent(text)),
  },
  {
    text: 'has blanks in place of "+", as after a form was decoded: restore them, and have base64 percent-encoded in forms.',
    applies: (text, canDecode) => text.includes(' ') && canDecode(text.replaceAll(' ', '+')),
  },
  {
    text: 'is base64 of a ciphertext and an IV with "::" between them, as PHP examples write it: decode it, and use what is before "::" as ciphertext and what follows as IV.',
    applies: (text) => isJoined(bytesOf(text) ?? Buffer.alloc(0)),
  },
  {
    text: 'is base64 of an IV of 16 bytes and a ciphertext that is itself base64: decode it, and use the first 16 bytes as IV and the rest as ciphertext.',
    applies: (text) => isIvAndText(bytesOf(text) ?? Buffer.alloc(0)),
  },
  {
    text: 'is hex or base64, but not of whole AES blocks of 16 bytes: it is incomplete, contains something else (such as a MAC of 20 bytes), or its mode is not CBC (GCM and CTR fill no blocks).',
    applies: (text) => (bytesOf(text)?.length ?? 0) > 0,
  },
  {
    text: 'is neither hex nor base64 of whole AES blocks. Check that it is complete and that it is the ciphertext alone.',
    applies: () => true,
  },
];

/** Why a ciphertext cannot be decoded. `canDecode`: whether another string could be. */
export function explainUndecodable(ciphertext: string, canDecode: (text: string) => boolean): string {
  return explanations.find(({ applies }) => applies(ciphertext.trim(), canDecode))?.text ?? '';
}

/** Whether these bytes are an envelope, or contain encoded text, and therefore cannot be AES blocks. */
export function isWrapping(bytes: Buffer): boolean {
  return isJsonObject(bytes.toString()) || isJoined(bytes) || isIvAndText(bytes);
}

function isJsonObject(text: string): boolean {
  return text.trimStart().startsWith('{') && typeof parseJson(text) === 'object';
}

function isJoined(bytes: Buffer): boolean {
  return /^[\w+/=-]{20,}::/.test(bytes.toString('latin1'));
}

function isIvAndText(bytes: Buffer): boolean {
  const [head, text] = [bytes.subarray(0, 16), bytes.subarray(16)].map((part) => part.toString('latin1'));
  return text !== undefined && /^[\w+/=-]{20,}$/.test(text) && !/^[\w+/=-]*$/.test(head ?? '');
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
