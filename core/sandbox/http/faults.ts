import type { SandboxCall, SandboxPartnerId } from './exchange.ts';

/**
 * What can go wrong with one answer.
 *
 * Before the request is processed (nothing rotates): `resetBefore`, `hang`, and, unless `processed` is true, the objects that replace
 * the answer (`status`, `redirect`, `text`). After it was processed (a refresh has really rotated): all others.
 */
export type SandboxFault =
  /** The socket is reset before anything is processed. */
  | 'resetBefore'
  /** Processed, then the socket is reset: the answer is lost. */
  | 'resetAfter'
  /** Processed, half of the body is sent, then the socket is closed. */
  | 'halfResponse'
  /** Never processed, never answered. */
  | 'hang'
  /** Processed, never answered. */
  | 'hangAfter'
  /** Processed, then answered one byte every 50 ms. */
  | 'drip'
  /** Processed; the JSON body lacks its last character. */
  | 'brokenJson'
  /** Processed; the JSON is called `text/html`. */
  | 'wrongContentType'
  /** Processed; 5 MiB of white space follow the JSON. */
  | 'oversized'
  /** Processed; gzip of about 64 KiB that unpacks to the JSON and 64 MiB of white space. */
  | 'gzipBomb'
  /** An HTTP status in the partner's error form, or with an HTML page as a proxy sends it. */
  | {
      readonly status: number;
      /** Raw value of the `Retry-After` header. */
      readonly retryAfter?: string;
      readonly html?: boolean;
      readonly processed?: boolean;
    }
  /** A redirect, 302 by default. */
  | { readonly redirect: string; readonly status?: number; readonly processed?: boolean }
  /** Processed; a success answer is changed (before it is encrypted, where it is). An `undefined` result sends no body. */
  | { readonly rewrite: (response: unknown) => unknown }
  /** HTTP 200 with any body, called `application/json` by default. */
  | { readonly text: string; readonly contentType?: string; readonly processed?: boolean };

/** Which requests a fault is for; without `partner` or `call`, any. */
export interface SandboxFaultTarget {
  readonly partner?: SandboxPartnerId;
  readonly call?: SandboxCall;
  /** How many requests it hits: a whole number from 1, or Infinity. Default 1. */
  readonly times?: number;
}

const words: readonly unknown[] = [
  'resetBefore',
  'resetAfter',
  'halfResponse',
  'hang',
  'hangAfter',
  'drip',
  'brokenJson',
  'wrongContentType',
  'oversized',
  'gzipBomb',
];

export function isProcessed(fault: SandboxFault): boolean {
  if (typeof fault === 'string') return fault !== 'resetBefore' && fault !== 'hang';
  return 'rewrite' in fault || fault.processed === true;
}

export function faultName(fault: SandboxFault): string {
  if (typeof fault === 'string') return fault;
  if ('rewrite' in fault) return 'rewrite';
  if ('redirect' in fault) return 'redirect';
  return 'text' in fault ? 'text' : `status ${fault.status}`;
}

/** The faults still to be played, oldest first. */
export class FaultQueue {
  #pending: { readonly fault: SandboxFault; readonly target: SandboxFaultTarget; left: number }[] = [];

  add(fault: SandboxFault, target: SandboxFaultTarget): void {
    const known = typeof fault === 'string' ? words.includes(fault) : isFaultObject(fault);
    if (!known) throw new TypeError(`Unknown sandbox fault ${JSON.stringify(fault)}`);
    const times = target.times ?? 1;
    if (!(times === Infinity || (Number.isInteger(times) && times > 0))) {
      throw new TypeError('times must be a whole number from 1, or Infinity');
    }
    this.#pending.push({ fault, target, left: times });
  }

  take(partner: SandboxPartnerId | undefined, call: SandboxCall): SandboxFault | undefined {
    const found = this.#pending.find(
      ({ target }) =>
        (target.partner === undefined || target.partner === partner) &&
        (target.call === undefined || target.call === call),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left === 0) this.#pending = this.#pending.filter((one) => one !== found);
    return found.fault;
  }

  clear(): void {
    this.#pending = [];
  }
}

function isFaultObject(fault: object): boolean {
  return ['status', 'redirect', 'rewrite', 'text'].some((key) => key in fault);
}
