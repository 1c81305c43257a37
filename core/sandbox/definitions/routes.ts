import type { AuthCall, BodyForm, JsonObject } from '../../partners/definition.ts';
import type { PartnerServer, ReceivedRequest, Route } from '../http/exchange.ts';
import { bearerOf } from '../partners/partner.ts';
import { hasFields, type Reader } from './requests.ts';

/** A path of a definition as it arrives: without its query, normalised and escaped as clients do. */
export function wirePath(path: string): string {
  return locate(path).pathname;
}

/** The folder that all these paths lie in, with its slash; undefined when that is the root, which belongs to nobody. */
export function sharedFolder(paths: readonly string[]): string | undefined {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  const shared = differs === -1 ? first : first.slice(0, differs);
  return shared.length > 1 ? `${shared.join('/')}/` : undefined;
}

/** Throws a TypeError naming the first id or path that two partners have. */
export function refuseClashes(partners: readonly PartnerServer[]): void {
  const ids = new Set<string>();
  const owners = new Map<string, string>();
  for (const { id, routes } of partners) {
    if (ids.has(id)) throw new TypeError(`The sandbox has a partner ${id} already`);
    ids.add(id);
    for (const { path } of routes) {
      const owner = owners.get(path) ?? id;
      if (owner !== id) throw new TypeError(`The path ${path} of ${id} is a path of ${owner} in this sandbox already`);
      owners.set(path, id);
    }
  }
}

/** Whether a request is for this one of several calls that share method and path. */
export function acceptsCall(
  call: AuthCall,
  fields: readonly string[],
  form: BodyForm,
  reader: Reader,
): NonNullable<Route['accepts']> {
  const { searchParams } = locate(call.path);
  return async (request) => {
    if ([...searchParams].some(([name, value]) => request.query.get(name) !== value)) return false;
    const read = await reader.read(form, request);
    if (read.kind === 'problem') return false;
    const { payload } = read;
    const constants: JsonObject = call.extraFields ?? {};
    return fields.every((name) => Object.hasOwn(payload, name)) && hasFields(payload, constants, form);
  };
}

export function acceptsBearer(request: ReceivedRequest): boolean {
  return bearerOf(request) !== undefined;
}

function locate(path: string): URL {
  return new URL(`http://sandbox${path}`);
}
