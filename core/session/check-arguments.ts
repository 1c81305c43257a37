import { plainLine } from '../lib/plain-line.ts';

/** Names that other HTTP libraries use, with what replaces them in `request()`. */
const otherNames: Readonly<Record<string, string>> = {
  data: 'Pass the fields of the body as `payload`.',
  form: 'Pass the fields of the body as `payload`.',
  json: 'Pass the fields of the body as `payload`.',
  params: 'Pass the parameters as `query`.',
  searchParams: 'Pass the parameters as `query`.',
};

/** Options of `request()` that a caller may expect elsewhere, with what replaces them there. */
const ofRequests: Readonly<Record<string, string>> = {
  body: 'It is an option of request().',
  query: 'It is an option of request().',
  timeout: 'Pass `timeout` to openSession(), or a `signal` here.',
};

/**
 * Checks the options of a session's method, of which `signal` is one.
 *
 * @throws TypeError if they are not an object, if `signal` is not an `AbortSignal`, or for the name of another library's
 * option, which would be ignored.
 */
export function checkCallOptions(method: string, options: unknown): void {
  if (options === undefined) return;
  if (!isObject(options)) throw new TypeError(`The options of ${method}() must be an object.`);
  const refused = method === 'request' || method === 'stream' ? otherNames : { ...otherNames, ...ofRequests };
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(refused, name))
      throw new TypeError(`${method}() has no option "${plainLine(name, 80)}". ${refused[name] ?? ''}`);
  }
  const { signal } = options;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new TypeError(
      `The option signal of ${method}() must be an AbortSignal, such as AbortSignal.timeout(5000) or controller.signal.`,
    );
  }
}

/** Whether `value` has the methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (!isObject(value) && typeof value !== 'function') return false;
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');
}

function isAbortSignal(value: unknown): boolean {
  return isObject(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
