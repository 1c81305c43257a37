import * as v from 'valibot';

interface AnySchema {
  readonly type: string;
  readonly pipe?: readonly (AnySchema & { readonly kind: string })[];
  readonly wrapped?: AnySchema;
  readonly options?: readonly AnySchema[];
  /** The discriminator of a variant. */
  readonly key?: string;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly value?: AnySchema;
}

/** The names of the fields that an object may have, at the end of the path to a field that it may not have. */
export function knownFields(schema: v.GenericSchema, path: readonly v.IssuePathItem[]): readonly string[] {
  let schemas: readonly AnySchema[] = [schema];
  for (const { input, key } of path.slice(0, -1))
    schemas = schemas.flatMap((each) => containers(each, input)).flatMap((each) => inside(each, String(key)) ?? []);
  const object = path.at(-1)?.input;
  const names = schemas.flatMap((each) => containers(each, object)).flatMap(({ entries = {} }) => Object.keys(entries));
  return [...new Set(names)];
}

/** The schemas of objects and lists that `input` can be. */
function containers(schema: AnySchema, input: unknown): readonly AnySchema[] {
  const { pipe, wrapped, options, key } = schema;
  if (pipe !== undefined)
    return pipe.flatMap((each) => (each === schema || each.kind !== 'schema' ? [] : containers(each, input)));
  if (wrapped !== undefined) return containers(wrapped, input);
  if (options === undefined) return [schema];
  const matching = options.filter(({ entries }) => key !== undefined && isMatch(entries?.[key], input, key));
  return (matching.length > 0 ? matching : options).flatMap((each) => containers(each, input));
}

function isMatch(discriminator: AnySchema | undefined, input: unknown, key: string): boolean {
  const value = (input as Readonly<Record<string, unknown>> | null)?.[key];
  return discriminator !== undefined && v.is(discriminator as unknown as v.GenericSchema, value);
}

function inside({ entries, item, value }: AnySchema, key: string): AnySchema | undefined {
  return entries === undefined ? (item ?? value) : entries[key];
}
