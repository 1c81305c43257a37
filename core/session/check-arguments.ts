/** Whether `value` has the methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (!isObject(value) && typeof value !== 'function') return false;
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');
}

/** Whether `value` is an object, and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
