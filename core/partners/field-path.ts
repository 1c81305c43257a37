/** Where a value of a response is. */
export type FieldPath =
  /** A name, or names joined by dots; a number is an index of a list. */
  | { readonly from: 'json'; readonly path: string }
  | { readonly from: 'header' | 'cookie'; readonly name: string }
  /** The whole body as text. */
  | { readonly from: 'body' };

export function parseFieldPath(path: string): FieldPath {
  if (path === 'body:') return { from: 'body' };
  const [, from, name] = /^(header|cookie):(.+)$/.exec(path) ?? [];
  return from === undefined || name === undefined
    ? { from: 'json', path }
    : { from: from as 'header' | 'cookie', name };
}

const steps = /^[^\p{C}\p{Z}.[\]]{1,64}(?:\.[^\p{C}\p{Z}.[\]]{1,64}){0,7}$/u;
const token = /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,100}$/;

/** Why a string cannot be a path to a field of a JSON object; undefined if it can. */
export function jsonPathProblem(path: string): string | undefined {
  const isPointer = /^#?\//.test(path);
  const isOther = /^(?:header|cookie|body):/.test(path);
  if (steps.test(path) && !isPointer && !isOther) return undefined;
  const dotted = isPointer
    ? path.replace(/^#?\//, '').replaceAll('/', '.')
    : path.replace(/\[["']?([^[\]"']*)["']?\]/g, '.$1').replace(/^\$?\./, '');
  const advice = (isPointer || /[[\]]|^\$/.test(path)) && steps.test(dotted) ? `: write ${dotted}` : '';
  return `must be a field name, or names joined by dots${advice}`;
}

/** Why a string cannot be a path to a value of a response; undefined if it can. */
export function fieldPathProblem(path: string): string | undefined {
  const [, prefix = '', rest = ''] = /^\s*([a-z-]+)\s*:\s*(.*)$/i.exec(path) ?? [];
  const wanted = prefixes.find(({ like }) => like.test(prefix));
  if (wanted === undefined) return path === 'body' ? undefined : jsonPathProblem(path);
  const { from } = wanted;
  if (from === 'body') return path === 'body:' ? undefined : 'must be "body:" alone, which is the whole body as text';
  if (token.test(rest) && path === `${from}:${rest}`) return undefined;
  return `must be "${from}:" and the name of a ${from}, such as ${from}:${token.test(rest) ? rest : wanted.example}`;
}

const prefixes = [
  { from: 'header', like: /^headers?$/i, example: 'X-Token' },
  { from: 'cookie', like: /^(?:cookies?|set-cookie)$/i, example: 'refresh_token' },
  { from: 'body', like: /^body$/i, example: '' },
] as const;
