import type { SandboxCall, SandboxPartnerId } from './exchange.ts';

/**
 * A fault in one response.
 *
 * `resetBefore`, `hang` and, unless `processed` is true, the objects that replace the response (`status`, `redirect`, `text`) take effect
 * before the request is processed, so nothing rotates. All others take effect afterwards: a refresh has rotated the tokens.
 */
export type SandboxFault =
  /** Not processed, the socket is reset. */
  | 'resetBefore'
  /** Processed, then the socket is reset: the response is lost. */
  | 'resetAfter'
  /** Processed, then half of the body is sent and the socket is closed. */
  | 'halfResponse'
  /** Not processed, no response. */
  | 'hang'
  /** Processed, no response. */
  | 'hangAfter'
  /** Processed, then the body is sent one byte every 50 ms. */
  | 'drip'
  /** Processed; the JSON body lacks its last character. */
  | 'brokenJson'
  /** Processed; the JSON has the content type `text/html`. */
  | 'wrongContentType'
  /** Processed; the JSON has a UTF-8 byte order mark before it. */
  | 'byteOrderMark'
  /** Processed; the JSON is followed by 5 MiB of white space. */
  | 'oversized'
  /** Processed; a gzip body of about 64 KiB that expands to the JSON and 64 MiB of white space. */
  | 'gzipBomb'
  /** An HTTP status in the partner's error format, or with an HTML page like a proxy's. */
  | {
      /** The HTTP status. */
      readonly status: number;
      /** Raw value of the `Retry-After` header. */
      readonly retryAfter?: string;
      /** Send an HTML page like a proxy's. Default false: the partner's error format. */
      readonly html?: boolean;
      /** Process the request first. Default false. */
      readonly processed?: boolean;
    }
  /** A redirect. */
  | {
      /** The value of the `Location` header. */
      readonly redirect: string;
      /** The HTTP status. Default 302. */
      readonly status?: number;
      /** Process the request first. Default false. */
      readonly processed?: boolean;
    }
  /** Processed; a success response is changed before it is encrypted. If the function returns undefined, no body is sent. */
  | {
      /** Called with the JSON of the response; returns another one, or undefined for no body. */
      readonly rewrite: (response: unknown) => unknown;
    }
  /** HTTP 200 with any body. */
  | {
      /** The body. */
      readonly text: string;
      /** Default `application/json`. */
      readonly contentType?: string;
      /** Process the request first. Default false. */
      readonly processed?: boolean;
    };

/** Which requests a fault applies to. Without `partner` or `call`: any. */
export interface SandboxFaultTarget {
  /** Only those of this partner. */
  readonly partner?: SandboxPartnerId;
  /** Only those of this call. */
  readonly call?: SandboxCall;
  /** How many requests it applies to: an integer from 1, or Infinity. Default 1. */
  readonly times?: number;
}

const faultNames: readonly unknown[] = [
  'resetBefore',
  'resetAfter',
  'halfResponse',
  'hang',
  'hangAfter',
  'drip',
  'brokenJson',
  'wrongContentType',
  'byteOrderMark',
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

/** The faults still to be injected, oldest first. */
export class FaultQueue {
  #pending: { readonly fault: SandboxFault; readonly target: SandboxFaultTarget; remaining: number }[] = [];

  add(fault: SandboxFault, target: SandboxFaultTarget): void {
    const isKnown = typeof fault === 'string' ? faultNames.includes(fault) : isFaultObject(fault);
    if (!isKnown) throw new TypeError(`Unknown sandbox fault ${JSON.stringify(fault)}.`);
    const times = target.times ?? 1;
    if (!(times === Infinity || (Number.isInteger(times) && times > 0))) {
      throw new TypeError('Sandbox fault option times must be an integer from 1, or Infinity.');
    }
    this.#pending.push({ fault, target, remaining: times });
  }

  take(partner: SandboxPartnerId | undefined, call: SandboxCall): SandboxFault | undefined {
    const found = this.#pending.find(
      ({ target }) =>
        (target.partner === undefined || target.partner === partner) &&
        (target.call === undefined || target.call === call),
    );
    if (found === undefined) return undefined;
    found.remaining -= 1;
    if (found.remaining === 0) this.#pending = this.#pending.filter((entry) => entry !== found);
    return found.fault;
  }

  clear(): void {
    this.#pending = [];
  }
}

function isFaultObject(fault: object): boolean {
  return ['status', 'redirect', 'rewrite', 'text'].some((key) => key in fault);
}
