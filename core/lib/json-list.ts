/*
 * A JSON list in a file that people edit, as VS Code's settings are: with comments, trailing commas and a byte order mark.
 * Changes keep all that they do not replace.
 */

const string = '"(?:[^"\\\\]|\\\\.)*"';
const comments = new RegExp(`${string}|//[^\\n\\r]*|/\\*[^]*?\\*/`, 'g');
const trailingCommas = new RegExp(`${string}|,(?=\\s*[\\]}])`, 'g');
const tokens = new RegExp(`${string}|[[\\]{},]|[^\\s"[\\]{},]+`, 'g');

/** @throws SyntaxError if the text is not a JSON list. A blank text is an empty list. */
export function parseList(text: string): readonly unknown[] {
  const json = plainJson(text);
  if (json.trim() === '') return [];
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) throw new SyntaxError('It is not a list.');
  return value as unknown[];
}

/** The text of a list with an item at its end. */
export function withItem(text: string, item: unknown): string {
  const last = itemsOf(text).at(-1);
  if (last === undefined && plainJson(text).trim() === '')
    return `${text.trim() === '' ? '' : `${text.trimEnd()}\n`}[\n${indented(item)}\n]\n`;
  const at = last?.end ?? plainJson(text).indexOf('[') + 1;
  const rest = text.slice(at);
  const separator = last === undefined ? '\n' : ',\n';
  return `${text.slice(0, at)}${separator}${indented(item)}${/^\s*\]/.test(rest) ? rest.replace(/^\s*/, '\n') : rest}`;
}

/** The text of a list with another item in the place of the one at `index`. */
export function withItemAt(text: string, index: number, item: unknown): string {
  const { start, end } = rangeAt(text, index);
  return text.slice(0, start) + indented(item).trimStart() + text.slice(end);
}

export function withoutItemAt(text: string, index: number): string {
  const items = itemsOf(text);
  const { start, end } = rangeAt(text, index);
  const next = items[index + 1]?.start;
  if (next !== undefined) return text.slice(0, start) + text.slice(next);
  return (text.slice(0, items[index - 1]?.end ?? start) + text.slice(end)).replace(/\[\s*\](?=\s*$)/, '[]');
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function rangeAt(text: string, index: number): Range {
  const range = itemsOf(text)[index];
  if (range === undefined) throw new RangeError(`The list has no item ${index}.`);
  return range;
}

/** Where the items of the list are in its text. */
function itemsOf(text: string): readonly Range[] {
  const items: Range[] = [];
  let depth = 0;
  let start: number | undefined;
  let end = 0;
  const finish = (): void => {
    if (start !== undefined) items.push({ start, end });
    start = undefined;
  };
  for (const { 0: token, index } of plainJson(text).matchAll(tokens)) {
    if (depth === 1 && (token === ',' || token === ']')) finish();
    else if (depth === 1) start ??= index;
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    end = index + token.length;
  }
  return items;
}

/** The text with blanks in place of what JSON does not allow, so that all positions stay the same. */
function plainJson(text: string): string {
  const blank = (match: string): string => (match.startsWith('"') ? match : match.replace(/[^\n\r]/g, ' '));
  return text
    .replace(/^\uFEFF/, ' ')
    .replace(comments, blank)
    .replace(trailingCommas, blank);
}

function indented(item: unknown): string {
  return JSON.stringify(item, undefined, 2).replace(/^/gm, '  ');
}
