import type { TextFormat } from '../../core/index.ts';
import type { Translate } from './translate.ts';
import type { Tidied } from './wizard.ts';

/**
 * What a value is, and thereby what cannot belong to it. `name`: of a user, in any language. `id`: issued by a partner, such
 * as a client id. `code`: a one-time code. `token`: an access or refresh token. `label`: chosen by the user.
 */
export type ValueKind = 'hex' | 'base64' | 'token' | 'id' | 'name' | 'code' | 'label';

/** One thing that was left out. */
interface Removal {
  readonly what: string;
  readonly where: 'start' | 'end' | 'around' | number;
}

interface Cleaned {
  readonly value: string;
  readonly removed: readonly Removal[];
}

const blank = /[\s\p{Z}\u0085\ufeff]/u;
/** Without a width: zero-width, bidirectional, byte order mark, soft hyphen, control characters, fillers. Not the tags of flags. */
const invisible = /[[\p{Cc}\p{Cf}\u034f\u115f\u1160\u3164\uffa0]--[\u{e0020}-\u{e007f}]]/v;
const joiner = /[\u200c\u200d]/;
const quotePairs = ['""', "''", '``', '“”', '„“', '‘’', '«»'];
const prefixes: Readonly<Partial<Record<ValueKind, RegExp>>> = {
  hex: /^(?:0x|hex:)/i,
  base64: /^base64:/i,
  // Its name in JSON, in a form or in the storage of a browser.
  token: /^["']?refresh_?token["']?[\p{Z}\s]*[:=][\p{Z}\s]*/iu,
};

/** The value without what a copy from a mail, a document or source code adds and that cannot belong to it. */
export function tidy(kind: ValueKind, raw: string, t: Translate): Tidied {
  return tidied(clean(kind, raw, kind === 'label' ? [] : quotePairs), t);
}

/**
 * A key or IV of `length` bytes in `format`. As plain text, any character could belong to it: then something is left out only if
 * the value has the right length solely without it. With no `length`, as a pass phrase, it stays as it is.
 */
export function tidyKey(format: TextFormat, length: number | undefined, raw: string, t: Translate): Tidied {
  if (format !== 'utf8') return tidy(format, raw, t);
  if (length === undefined) return unchanged(raw, t);
  const fits = ({ value }: Cleaned): boolean => Buffer.byteLength(value) === length;
  const candidates = [{ value: raw, removed: [] }, clean('label', raw, []), clean('label', raw), clean('id', raw)];
  const found = candidates.find(fits);
  return found === undefined ? { value: raw } : tidied(found, t);
}

/** As `tidyKey`, of a key or IV whose format is not known. `lengths`: in bytes. */
export function tidyUnknownKey(lengths: readonly number[], raw: string, t: Translate): Tidied {
  const fits = (format: TextFormat, value: string): boolean => lengths.includes(Buffer.from(value, format).length);
  if (fits('utf8', raw)) return { value: raw };
  const digits = clean('hex', raw);
  if (/^[\da-f]+$/i.test(digits.value) && fits('hex', digits.value)) return tidied(digits, t);
  const letters = clean('base64', raw);
  if (/^[\w+/-]+={0,2}$/.test(letters.value) && fits('base64', letters.value)) return tidied(letters, t);
  const text = [clean('label', raw, []), clean('label', raw), clean('id', raw)].find(({ value }) =>
    fits('utf8', value),
  );
  return tidied(text ?? clean('label', raw, []), t);
}

/** A password stays as it is, but what could have been copied along is named. */
export function unchanged(raw: string, t: Translate): Tidied {
  const { removed } = clean('id', raw, []);
  if (removed.length === 0) return { value: raw };
  return { value: raw, note: t('This is used exactly as entered, with: {0}.', describe(removed, t)) };
}

/** The first character that `allowed` does not match, and its position from 1; undefined if there is none. */
export function firstOther(
  text: string,
  allowed: RegExp,
): { readonly character: string; readonly position: number } | undefined {
  const characters = Array.from(text);
  const index = characters.findIndex((character) => !allowed.test(character));
  return index === -1 ? undefined : { character: characters[index] ?? '', position: index + 1 };
}

/** A character for a message: as it is, or by its code point if nobody could see it. */
export function characterName(character: string, t: Translate): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (character === ' ') return t('space');
  if (character === '\t') return t('tab');
  if (/[\n\r\u0085\u2028\u2029]/.test(character)) return t('line break');
  if (character === '\ufeff') return t('byte order mark');
  if (blank.test(character)) return `${t('space')} ${code}`;
  return invisible.test(character) ? `${t('invisible character')} ${code}` : `"${character}"`;
}

function tidied({ value, removed }: Cleaned, t: Translate): Tidied {
  return removed.length === 0 ? { value } : { value, note: t('Left out: {0}.', describe(removed, t)) };
}

interface Mark {
  readonly character: string;
  /** From 1. */
  readonly position: number;
}

/** `quotes`: the pairs to remove around the value. */
function clean(kind: ValueKind, raw: string, quotes: readonly string[] = quotePairs): Cleaned {
  let kept: readonly Mark[] = Array.from(raw, (character, index) => ({ character, position: index + 1 }));
  const removed: Removal[] = [];
  const remove = ({ character }: Mark, where: Removal['where']): void => void removed.push({ what: character, where });
  const isLoose = ({ character }: Mark): boolean => blank.test(character) || invisible.test(character);

  for (let before = -1; before !== kept.length;) {
    before = kept.length;
    const start = kept.findIndex((mark) => !isLoose(mark));
    if (start === -1) return { value: '', removed: [] };
    const end = kept.findLastIndex((mark) => !isLoose(mark)) + 1;
    for (const mark of kept.slice(0, start)) remove(mark, 'start');
    for (const mark of kept.slice(end)) remove(mark, 'end');
    kept = kept.slice(start, end);
    const prefix = prefixes[kind]?.exec(textOf(kept))?.[0];
    if (prefix !== undefined) {
      removed.push({ what: prefix, where: 'start' });
      kept = kept.slice(prefix.length);
    }
    const pair = (kept[0]?.character ?? '') + (kept.at(-1)?.character ?? '');
    if (kept.length > 2 && quotes.includes(pair)) {
      removed.push({ what: 'quotes', where: 'around' });
      kept = kept.slice(1, -1);
    }
  }
  const inside = otherCharacters(kind, textOf(kept));
  for (const mark of kept) if (inside(mark.character)) remove(mark, mark.position);
  return { value: textOf(kept.filter(({ character }) => !inside(character))), removed };
}

/** The characters that cannot belong to a value of this kind anywhere. */
function otherCharacters(kind: ValueKind, text: string): (character: string) => boolean {
  switch (kind) {
    case 'hex': {
      const separators = /^[\da-f]{2}(?:[\s:-]+[\da-f]{2})+$/i.test(text) ? /[:-]/ : undefined;
      return (character) => blank.test(character) || invisible.test(character) || separators?.test(character) === true;
    }
    case 'base64':
    // A mail breaks a long token into lines.
    case 'token':
      return (character) => blank.test(character) || invisible.test(character);
    case 'code': {
      const separators = /^[\d\s\p{Z}\p{Cf}-]+$/u.test(text) ? /-/ : undefined;
      return (character) => blank.test(character) || invisible.test(character) || separators?.test(character) === true;
    }
    case 'id':
      return (character) => invisible.test(character);
    case 'name':
      return (character) => invisible.test(character) && !joiner.test(character);
    case 'label':
      return () => false;
  }
}

const textOf = (marks: readonly Mark[]): string => marks.map(({ character }) => character).join('');

function describe(removed: readonly Removal[], t: Translate): string {
  const parts = new Set<string>();
  const inside = new Map<string, number[]>();
  for (const { what, where } of removed) {
    const name = Array.from(what).length === 1 ? characterName(what, t) : `"${what}"`;
    if (where === 'around') parts.add(t('quotes around it'));
    else if (where === 'start') parts.add(t('{0} at the start', name));
    else if (where === 'end') parts.add(t('{0} at the end', name));
    else inside.set(name, [...(inside.get(name) ?? []), where]);
  }
  for (const [name, positions] of inside) {
    // Several in a row, such as both characters of a line break, are in one place.
    const places = positions.filter((position, index) => position !== (positions[index - 1] ?? -1) + 1);
    const [first = 0, ...others] = places;
    const isOne = others.length === 0;
    parts.add(isOne ? t('{0} at position {1}', name, first) : t('{0} in {1} places', name, places.length));
  }
  return [...parts].join(', ');
}
