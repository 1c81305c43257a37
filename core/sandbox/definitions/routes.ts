import type { AuthCall, PartnerDefinition } from '../../partners/definition.ts';
import type { PartnerServer, Route } from '../http/exchange.ts';
import { readTokenHeader } from './clients.ts';
import { fieldOf, hasConstantFields, type RequestReader } from './requests.ts';

/** Returns a definition's path as it arrives in a request: without its query, normalized and escaped as by clients. */
export function normalizePath(path: string): string {
  return toUrl(path).pathname;
}

/** Returns the folder that contains all these paths, with its slash. Undefined for the root, which belongs to no partner. */
export function commonFolder(paths: readonly string[]): string | undefined {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  const shared = differs === -1 ? first : first.slice(0, differs);
  return shared.length > 1 ? `${shared.join('/')}/` : undefined;
}

/** @throws TypeError that names the first id or path that two partners share. */
export function checkConflicts(partners: readonly PartnerServer[]): void {
  const ids = new Set<string>();
  const owners = new Map<string, string>();
  for (const { id, routes } of partners) {
    if (ids.has(id)) throw new TypeError(`The sandbox already has a partner ${id}.`);
    ids.add(id);
    for (const { path } of routes) {
      const owner = owners.get(path) ?? id;
      if (owner !== id) throw new TypeError(`The path ${path} of ${id} already belongs to ${owner} in this sandbox.`);
      owners.set(path, id);
    }
  }
}

/** Creates a test for whether a request belongs to this call, for calls that share method and path. */
export function createCallMatcher(
  definition: PartnerDefinition,
  call: AuthCall,
  fields: readonly string[],
  reader: RequestReader,
): NonNullable<Route['accepts']> {
  const { searchParams } = toUrl(call.path);
  const { body: form } = definition;
  return async (request) => {
    if ([...searchParams].some(([name, value]) => request.query.get(name) !== value)) return false;
    const read = await reader.readCall(call, form, request);
    if (read.kind === 'problem') return false;
    const { payload } = read;
    const hasFields = fields.every((name) => fieldOf(payload, name, form) !== undefined);
    const hasToken = call.authorization === undefined || readTokenHeader(definition, request) !== undefined;
    return hasFields && hasToken && hasConstantFields(payload, call, form);
  };
}

function toUrl(path: string): URL {
  return new URL(`http://sandbox${path}`);
}
