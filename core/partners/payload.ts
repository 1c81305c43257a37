import type { BodyForm } from './definition.ts';

/** The fields of a payload. */
export type Payload = Readonly<Record<string, unknown>>;

/** What a call sends: fields, or a list where the form is JSON. */
export type Content = Payload | readonly unknown[];

/** Why a payload cannot be sent as it is. */
export interface PayloadProblem {
  /** Path of the field, such as `items.0.price`; empty for the payload itself. */
  readonly path: string;
  /** Such as `is a Date; ...`. */
  readonly message: string;
}

/** How the value of a field is written: in JSON, or as a part or field with a string. */
type Carrier = 'json' | 'multipart' | 'urlencoded' | 'query';

/**
 * An independent copy of a payload, unaffected by later changes of the original.
 *
 * JSON carries strings, finite numbers, booleans, null, lists and objects, and may be a list itself. Multipart carries
 * strings, finite numbers and booleans as text, bytes and `Blob`s as files, objects as JSON, and a list as one part for
 * each item. A form (`urlencoded`) carries the same, except for files. So does a query string, with a list as JSON. Nothing
 * else is sent, because it would arrive as something else.
 *
 * @throws TypeError naming the field that the form cannot carry.
 */
export function copyPayload(form: BodyForm, payload: unknown): Content {
  return nameErrors('payload', () => copyContent(carrierOf(form), payload));
}

function nameErrors<T>(name: string, copy: () => T): T {
  try {
    return copy();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new TypeError(`${[name, ...error.path].join('.')} ${error.message}.`);
  }
}

/** The first field of a payload that the form cannot carry, as `copyPayload()` defines it. */
export function payloadProblem(form: BodyForm, payload: unknown): PayloadProblem | undefined {
  return problemOf(() => copyContent(carrierOf(form), payload));
}

/** The first field that a query cannot carry, as `copyQuery()` defines it. */
export function queryProblem(fields: unknown): PayloadProblem | undefined {
  return problemOf(() => copyParameters(fields));
}

function problemOf(copy: () => unknown): PayloadProblem | undefined {
  try {
    copy();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { path: error.path.join('.'), message: error.message };
  }
}

/** The bytes of a binary value; undefined for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isTagged(value, 'ArrayBuffer') ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** Whether a value is a `Blob` or `File`, also of another realm. */
export function isBlob(value: unknown): value is Blob {
  return isTagged(value, 'Blob') || isTagged(value, 'File');
}

/** Deeper payloads would exhaust the stack. */
const maxDepth = 200;

class Refusal extends TypeError {
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[] = []) {
    super(message);
    this.path = path;
  }
}

function carrierOf(form: BodyForm): Carrier {
  if (form.form === 'encrypted') return form.payload ?? 'json';
  return form.form;
}

function copyContent(carrier: Carrier, payload: unknown): Content {
  if (carrier === 'json' && Array.isArray(payload)) return copyJson(payload, new Set()) as readonly unknown[];
  if (typeof payload !== 'object' || payload === null || tagOf(payload) !== 'Object')
    throw new Refusal(`must be an object of fields, not ${nameOf(payload)}`);
  if (carrier === 'json') return copyJson(payload, new Set()) as Payload;
  return mapFields(payload, (value, name) => {
    if (!name.isWellFormed()) throw new Refusal('has an unpaired surrogate in its name');
    if (carrier === 'multipart' && Array.isArray(value)) return copyItems(value, copyPart);
    if (carrier === 'urlencoded' && Array.isArray(value)) return copyItems(value, (item) => copyAsText(item, carrier));
    return copyAsText(value, carrier);
  });
}

/** One part of a multipart body. */
function copyPart(value: unknown): unknown {
  if (isBlob(value)) return value;
  const bytes = bytesOf(value);
  return bytes === undefined ? copyAsText(value, 'multipart') : Uint8Array.from(bytes);
}

function copyAsText(value: unknown, carrier: Carrier): unknown {
  if (carrier === 'multipart' && (isBlob(value) || bytesOf(value) !== undefined)) return copyPart(value);
  if (value === null)
    throw new Refusal('is null, which a form cannot carry; leave the field out, or pass the string that means it');
  if (typeof value === 'string' && !value.isWellFormed())
    throw new Refusal('has an unpaired surrogate, which UTF-8 cannot carry');
  return copyJson(value, new Set());
}

function copyJson(value: unknown, parents: Set<unknown>): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Refusal(`is ${value}; a number must be finite`);
    case 'undefined':
      throw new Refusal('is undefined; leave the field out');
    case 'bigint':
      throw new Refusal('is a bigint; pass a string, or a number if it is at most 2^53');
    case 'object':
      break;
    default:
      throw new Refusal(`is ${nameOf(value)}, which cannot be sent`);
  }
  if (value === null) return null;
  if (parents.has(value)) throw new Refusal('contains itself');
  if (parents.size >= maxDepth) throw new Refusal(`is nested more than ${maxDepth} levels deep`);
  parents.add(value);
  const copy = copyContainer(value, (item) => copyJson(item, parents));
  parents.delete(value);
  return copy;
}

function copyContainer(value: object, copy: (item: unknown) => unknown): unknown {
  if (Array.isArray(value)) return copyItems(value, copy);
  if (isBlob(value) || bytesOf(value) !== undefined)
    throw new Refusal(
      `is ${nameOf(value)}; only a multipart body carries files, otherwise pass a string such as base64`,
    );
  if (tagOf(value) === 'Date')
    throw new Refusal('is a Date; pass a string in the format and time zone that the partner expects');
  const { toJSON, pipe } = value as { readonly toJSON?: unknown; readonly pipe?: unknown };
  if (typeof pipe === 'function') throw new Refusal('is a stream; read it into a Buffer first');
  if (typeof toJSON === 'function') throw new Refusal('has a toJSON(); pass the value that it is to be sent as');
  if (tagOf(value) !== 'Object')
    throw new Refusal(`is ${nameOf(value)}; pass a string, a list or an object with the fields to send`);
  return mapFields(value, copy);
}

/** The parameters of a query, in order. */
export type QueryPairs = readonly (readonly [name: string, value: string | number | boolean])[];

/**
 * The parameters of a query: strings, finite numbers and booleans, and one parameter for each item of a list.
 *
 * @throws TypeError naming the field that a query cannot carry.
 */
export function copyQuery(query: unknown): QueryPairs {
  if (isTagged(query, 'URLSearchParams')) return [...(query as URLSearchParams)];
  const fields = nameErrors('query', () => copyParameters(query));
  return Object.entries(fields as Readonly<Record<string, readonly (string | number | boolean)[]>>).flatMap(
    ([name, values]) => values.map((value) => [name, value] as const),
  );
}

function copyParameters(query: unknown): Payload {
  if (typeof query !== 'object' || query === null || tagOf(query) !== 'Object')
    throw new Refusal(`must be an object of fields or URLSearchParams, not ${nameOf(query)}`);
  return mapFields(query, (value, name) => {
    if (!name.isWellFormed()) throw new Refusal('has an unpaired surrogate in its name');
    return Array.isArray(value) ? copyItems(value, copyScalar) : [copyScalar(value)];
  });
}

function copyScalar(value: unknown): unknown {
  const copy = copyAsText(value, 'query');
  if (typeof copy === 'object') throw new Refusal('is an object; a query carries strings, numbers and booleans');
  return copy;
}

function copyItems(items: readonly unknown[], copy: (item: unknown) => unknown): unknown[] {
  // Unlike map(), it visits empty slots.
  return Array.from(items, (item, index) => at(String(index), () => copy(item)));
}

function mapFields(fields: object, copy: (value: unknown, name: string) => unknown): Payload {
  // fromEntries() defines a field named __proto__ instead of assigning it.
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [name, at(name, () => copy(value, name))]),
  );
}

function at<T>(name: string, copy: () => T): T {
  try {
    return copy();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.message, [name, ...error.path]);
  }
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Whether a value is an object of the class, also of another realm. */
export function isTagged(value: unknown, tag: string): boolean {
  return typeof value === 'object' && value !== null && tagOf(value) === tag;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  const name =
    typeof constructor?.name === 'string' && /^\w{1,40}$/.test(constructor.name) ? constructor.name : 'object';
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}`;
}
