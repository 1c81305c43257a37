import { PartnerAuthError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { DecodingProblem } from './content-encoding.ts';
import type { TransportFailure } from './failure.ts';

/*
 * The failures of a call that this side ends: because of a limit, an encoding, the lock, a signal or close(). Those of the
 * network are in `failure.ts`.
 */

const mebibyte = 1024 * 1024;
/** Of a response, in bytes. */
export const defaultResponseSize = mebibyte;

export function failure(error: PartnerAuthError, mayHaveArrived: boolean): TransportFailure {
  return { kind: 'failure', error, mayHaveArrived, isTransient: false };
}

export function tooLargeFailure(host: string, limit: number): TransportFailure {
  const size = limit % mebibyte === 0 ? `${limit / mebibyte} MiB` : `${limit} bytes`;
  const advice = limit === defaultResponseSize ? 'Check baseUrl.' : 'Raise `maxResponseSize`, or use `stream()`.';
  const message = `The response of ${host} is larger than ${size} and was not read to its end. ${advice}`;
  return failure(new PartnerAuthError('responseTooLarge', message), true);
}

export function decodingFailure(
  host: string,
  problem: DecodingProblem,
  status: number,
  limit: number,
): TransportFailure {
  if (problem === 'tooLarge') return tooLargeFailure(host, limit);
  if (problem === 'endsEarly') {
    const message = `The response of ${host} is incomplete: its compressed content ends early.`;
    return failure(new PartnerAuthError('network', message, { status }), true);
  }
  const reason =
    'not' in problem
      ? `has the header Content-Encoding: ${problem.not}, but its content is not compressed that way`
      : `is compressed with ${plainLine(problem.unsupported, 40)}, which was not asked for and is not supported`;
  const message = `The response of ${host} ${reason}. Ask the partner, or who runs the proxy in between, to correct it.`;
  return failure(new PartnerAuthError('invalidResponse', message, { status }), true);
}

export function closedError(wasSent: boolean): PartnerAuthError {
  return new PartnerAuthError(
    'closed',
    `The session object was closed before the ${wasSent ? 'response had been received' : 'call was sent'}.`,
  );
}

export function lockLostFailure(): TransportFailure {
  const message = 'The lock of the session was taken over before the call was sent.';
  return failure(new PartnerAuthError('lock', message), false);
}

export function abortedFailure(mayHaveArrived: boolean): TransportFailure {
  return failure(new PartnerAuthError('aborted', 'The call was aborted by its signal.'), mayHaveArrived);
}
