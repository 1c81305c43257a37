import type { IncomingHttpHeaders } from 'node:http';
import type { SandboxResponse } from './exchange.ts';

const headers = { 'content-type': 'text/plain; charset=utf-8' };

/** `localhost`, a name below it, 127.0.0.0/8 and [::1], each with or without a port. */
const loopback = /^(?:(?:[a-z\d-]+\.)*localhost\.?|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Why a request cannot come from a program of this machine's user. A web page reaches loopback through a name of its own that
 * resolves to it (DNS rebinding), or directly, and then its browser sends an `Origin`.
 */
export function refusalOf({ host = '', origin }: IncomingHttpHeaders): SandboxResponse | undefined {
  if (!loopback.test(host)) {
    const text =
      'Sandbox: the Host header must be localhost, a name that ends in .localhost, an address in 127.0.0.0/8, or [::1]. Use the URL that the sandbox reports.';
    return { status: 421, outcome: 'foreignHost', text, headers };
  }
  if (origin === undefined) return undefined;
  const text =
    'Sandbox: a request with an Origin header is refused, because it comes from a web page. Call the sandbox from a program.';
  return { status: 403, outcome: 'foreignOrigin', text, headers };
}
