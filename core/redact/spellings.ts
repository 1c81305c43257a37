/**
 * The forms in which servers return a secret: JSON with `\/` or `\u00e4`, percent and form encoding in either letter
 * case, HTML entities, each also nested in another, and base64 and hex.
 */
export interface Spellings {
  /** The secret itself. */
  readonly raw: string;
  /** To be searched for in decoded text. */
  readonly decoded: readonly DecodedForm[];
}

interface DecodedForm {
  readonly text: string;
  /** Whether the character before or after the match holds bits of the secret too, as in base64. */
  readonly before: boolean;
  readonly after: boolean;
}

/** Decoded text with the index in the original of each of its characters, and of its end. */
export interface DecodedText {
  readonly text: string;
  readonly indexOf: (at: number) => number;
}

/** Shorter forms are too common to search for. */
export const minLength = 4;

/** In characters. A longer secret, such as the ciphertext of a large payload, is searched for only as it is. */
const maxDecodedLength = 32 * 1024;

export function spellingsOf(raw: string): Spellings {
  if (raw.length > maxDecodedLength) return { raw, decoded: [] };
  const bytes = Buffer.from(raw);
  const plain = [raw, raw.normalize('NFC'), raw.normalize('NFD')].map((text) => decode(text).text);
  const hex = bytes.toString('hex');
  const decoded = [
    ...[...new Set(plain), hex, hex.toUpperCase()].map((text) => ({ text, before: false, after: false })),
    ...[0, 1, 2].map((offset) => base64At(bytes, offset)),
  ];
  return { raw, decoded: decoded.filter(({ text }) => text.length >= minLength) };
}

/** The characters that base64 always has for these bytes if `offset` bytes, modulo 3, precede them. */
function base64At(bytes: Buffer, offset: number): DecodedForm {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const bits = (offset + bytes.length) * 8;
  const text = fold(encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6)));
  return { text, before: offset > 0, after: bits % 6 > 0 };
}

/** How often a text is decoded: a secret in a URL, in JSON, in HTML, in JSON, and as often again if it looks like escape sequences. */
const maxPasses = 8;

/** Decodes all escape sequences of a text, nested ones too, and makes characters equal that encodings interchange. */
export function decode(original: string): DecodedText {
  let text = original;
  let indexes: readonly number[] | undefined;
  for (let pass = 0; pass < maxPasses; pass++) {
    const next = decodeOnce(text);
    if (next === undefined) break;
    const outer = indexes;
    indexes = outer === undefined ? next.indexes : next.indexes.map((at) => outer[at] ?? original.length);
    text = next.text;
  }
  return { text: fold(text), indexOf: (at) => (indexes === undefined ? at : (indexes[at] ?? original.length)) };
}

/** Form encoding writes a space as `+`, and base64url writes `+` and `/` as `-` and `_`. */
function fold(text: string): string {
  return text
    .toWellFormed()
    .replace(/[+\-\u00a0]/g, ' ')
    .replaceAll('_', '/');
}

const escapeSequence =
  /\\+u\{(?<braced>[\da-f]{1,6})\}|\\+u(?<unit>[\da-f]{4})|\\+x(?<byte>[\da-f]{2})|\\+(?<char>[^\\]|$)|%u(?<percentUnit>[\da-f]{4})|(?<percent>(?:%[\da-f]{2})+)|&#x0{0,8}(?<hex>[\da-f]{1,6});|&#0{0,8}(?<decimal>\d{1,7});|&(?<name>[a-z]{2,8});/gi;

function decodeOnce(original: string): { readonly text: string; readonly indexes: readonly number[] } | undefined {
  if (!/[\\%&]/.test(original)) return undefined;
  const parts: string[] = [];
  const indexes: number[] = [];
  let end = 0;
  const append = (text: string, start: number, step: number): void => {
    for (let at = 0; at < text.length; at++) indexes.push(start + at * step);
    parts.push(text);
  };
  for (const match of original.matchAll(escapeSequence)) {
    const { index, groups = {} } = match;
    append(original.slice(end, index), end, 1);
    end = index + match[0].length;
    if (groups.percent === undefined)
      append(unescape(groups) ?? match[0], index, unescape(groups) === undefined ? 1 : 0);
    else for (const { text, start } of decodePercent(groups.percent)) append(text, index + start, 0);
  }
  if (end === 0) return undefined;
  append(original.slice(end), end, 1);
  indexes.push(original.length);
  return { text: parts.join(''), indexes };
}

/** The characters of a sequence other than percent encoding; undefined if it has none. */
function unescape(groups: Readonly<Record<string, string | undefined>>): string | undefined {
  const { char, decimal, name } = groups;
  if (char !== undefined) return controls[char] ?? char;
  if (name !== undefined) return namedEntity(name);
  const hex = groups.braced ?? groups.unit ?? groups.byte ?? groups.percentUnit ?? groups.hex;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

const controls: Readonly<Record<string, string | undefined>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Each name is followed by its character. */
const entities = new Map(
  `amp& apos' ast* bsol\\ cent¢ colon: comma, commat@ copy© deg° dollar$ equals= euro€ excl! grave\` gt> hat^ lbrace{
  lbrack[ lcub{ lowbar_ lpar( lsqb[ lt< microµ num# percnt% period. plus+ pound£ quest? quot" rbrace} rbrack] rcub}
  reg® rpar) rsqb] sect§ semi; sol/ szligß verbar| vert| yen¥`
    .split(/\s+/)
    .map((entity) => [entity.slice(0, -1), entity.slice(-1)]),
);
entities.set('nbsp', ' ').set('tab', '\t').set('newline', '\n');

/** Combining characters, in entities such as `&eacute;`. */
const accents = new Map([
  ['acute', '\u0301'],
  ['caron', '\u030c'],
  ['cedil', '\u0327'],
  ['circ', '\u0302'],
  ['grave', '\u0300'],
  ['ring', '\u030a'],
  ['tilde', '\u0303'],
  ['uml', '\u0308'],
]);

function namedEntity(name: string): string | undefined {
  const accent = accents.get(name.slice(1));
  return accent === undefined ? entities.get(name.toLowerCase()) : (name.charAt(0) + accent).normalize('NFC');
}

/** Decodes a run such as `%C3%A4` as UTF-8, and what is not UTF-8 as Latin-1. */
function* decodePercent(run: string): Generator<{ readonly text: string; readonly start: number }> {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    const character = bytes.toString('utf8', at, at + length);
    const isValid = !character.includes('\ufffd') && at + length <= bytes.length;
    yield { text: isValid ? character : bytes.toString('latin1', at, at + 1), start: at * 3 };
    at += isValid ? length : 1;
  }
}
