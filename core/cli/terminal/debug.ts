import type { AuthExchange } from '../../index.ts';
import { fromEnvironment } from './environment.ts';
import { note } from './output.ts';

let verbose = false;

export function setVerbose(given: boolean): void {
  verbose = given || !['0', 'false'].includes(fromEnvironment('PARTNER_AUTH_DEBUG') ?? '0');
}

export function isVerbose(): boolean {
  return verbose;
}

/** A line of what happens, on stderr, if the user has asked for it. */
export function debug(text: string): void {
  if (verbose) note(text, 4_000);
}

/** Shows a login, refresh or logout as it was sent and received. Its secrets are masked. */
export function debugExchange(exchange: AuthExchange): void {
  const { method, url, headers, payload, body, status, response, outcome, message } = exchange;
  debug(`> ${method} ${url}`);
  for (const [name, value] of Object.entries(headers)) debug(`> ${name}: ${value}`);
  if (payload !== undefined) debug(`> payload ${JSON.stringify(payload)}`);
  debug(`> body ${body}`);
  debug(status === undefined ? `< no response: ${message ?? outcome}` : `< HTTP ${status} ${outcome}`);
  if (response !== undefined) debug(`< ${JSON.stringify(response)}`);
}
