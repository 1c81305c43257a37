import type { SandboxResponse } from '../http/exchange.ts';

export type Json = Record<string, unknown>;

/** Sets the value at a path such as `['data', 'token']`. Creates missing objects on the way and replaces other values there. */
export function setIn(target: Json, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    defineField(target, name, value);
    return;
  }
  const found = Object.hasOwn(target, name) ? target[name] : undefined;
  const isList = /^\d+$/.test(rest[0] ?? '');
  const isFitting = typeof found === 'object' && found !== null && Array.isArray(found) === isList;
  const next = isFitting ? (found as Json) : ((isList ? [] : {}) as Json);
  defineField(target, name, next);
  setIn(next, rest, value);
}

export function setAt(target: Json, path: string, value: unknown): void {
  setIn(target, path.split('.'), value);
}

/** Returns the value at a path such as `data.token`, or undefined if anything on the way is missing. */
export function getAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((current, name) => {
    const hasField = typeof current === 'object' && current !== null && Object.hasOwn(current, name);
    return hasField ? (current as Json)[name] : undefined;
  }, value);
}

/** What a response says, in its body and its headers. */
export interface Content {
  readonly json: Json;
  readonly headers: Record<string, string | string[]>;
  text?: string;
}

/** Puts a value where a path of a definition says: into the JSON, a header, a cookie, or as the whole body. */
export function place(content: Content, path: string, value: unknown): void {
  const [, kind, name = ''] = /^(header|cookie|body):(.*)$/.exec(path) ?? [];
  if (kind === 'header') content.headers[name.toLowerCase()] = String(value);
  else if (kind === 'cookie') {
    const others = [content.headers['set-cookie'] ?? []].flat();
    content.headers['set-cookie'] = [...others, `${name}=${String(value)}; Path=/; HttpOnly; SameSite=Lax`];
  } else if (kind === 'body') content.text = String(value);
  else setAt(content.json, path, value);
}

/** The parts of a response that are sent: text in place of JSON. */
export function toResponse({ json, headers, text }: Content): Pick<SandboxResponse, 'json' | 'text' | 'headers'> {
  const isText = text !== undefined;
  const all = isText ? { 'content-type': 'text/plain; charset=utf-8', ...headers } : headers;
  return { json, ...(isText && { text }), ...(Object.keys(all).length > 0 && { headers: all }) };
}

// Not assigned, because a field may be named __proto__.
function defineField(target: Json, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
