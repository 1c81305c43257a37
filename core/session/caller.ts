import { PartnerAuthError } from '../lib/errors.ts';

/** Where a call was made. */
export interface Caller {
  /** The public method. */
  readonly method: string;
  /** Its frames begin with the method itself. */
  readonly stack?: string;
}

/** Captures the stack above the function `below`, while it is called. */
export function captureCaller(method: string, below: (...values: never) => unknown): Caller {
  const caller: Caller = { method };
  Error.captureStackTrace(caller, below);
  return caller;
}

/**
 * The error as the caller gets it: with the frames of the caller, which the stack of an error lacks that arose in shared work
 * or a timer, and with what was called. A copy, because all callers of a refresh share its error.
 */
export function errorForCaller(error: unknown, { method, stack = '' }: Caller): unknown {
  if (!(error instanceof PartnerAuthError)) return error;
  const { code, message } = error;
  const text = code === 'signedOut' ? `${method}() requires a session. ${message}` : message;
  const copy = new PartnerAuthError(code, text, error);
  const own = framesOf(error.stack);
  const frames = framesOf(stack).filter((frame) => !own.includes(frame));
  copy.stack = [`${copy.name}: ${text}`, ...own, ...frames].join('\n');
  return copy;
}

function framesOf(stack = ''): readonly string[] {
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}
