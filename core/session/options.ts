import { createCipher, type Cipher } from '../cipher/cipher.ts';
import type { CipherSettings } from '../cipher/settings.ts';
import { resolveConnection, type Connection, type ConnectionOptions } from '../exchange/connection.ts';
import type { Clock } from '../lib/clock.ts';
import { configurationError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { refuseUnknownKeys } from '../lib/validation.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { requiresCipher } from '../partners/requirements.ts';
import type { TokenStore } from '../stores/token-store.ts';

export interface SessionOptions extends ConnectionOptions {
  /** Required if the partner takes encrypted payloads. */
  readonly cipher?: CipherSettings | undefined;
  /** Default: `memoryStore()`. */
  readonly store?: TokenStore | undefined;
  /**
   * How long before it expires an access token is refreshed, in seconds from 0. Never more than half of the token's
   * lifetime counts. Default 300 (5 minutes).
   */
  readonly refreshMargin?: number | undefined;
  /**
   * Total deadline of one exchange with the partner, retries included, in ms from 1 to 300,000. A refresh whose response
   * was lost is sent again and may take twice as long. Default 30,000.
   */
  readonly timeout?: number | undefined;
  /** PEM of certificate authorities to trust in addition to the usual ones. */
  readonly ca?: string | undefined;
  /** Receives what the session does, never a secret. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Refresh ahead of expiry by a timer, without a call. Default false. The timer does not keep a process alive. */
  readonly autoRefresh?: boolean | undefined;
  /** Use Node's global HTTP agents instead of own ones, where the host program patches them. Default false. */
  readonly globalAgent?: boolean | undefined;
  /** Default: the machine's clocks. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedOptions extends Connection {
  readonly cipher: Cipher | undefined;
  readonly margin: number;
  readonly timeout: number;
}

const known = [
  'partner',
  'baseUrl',
  'partnerCode',
  'cipher',
  'store',
  'refreshMargin',
  'timeout',
  'ca',
  'logger',
  'autoRefresh',
  'bodyForm',
  'response',
  'extraFields',
  'globalAgent',
  'clock',
];

/**
 * @throws PartnerAuthError `configuration` for a wrong or missing setting, before anything is sent.
 * @throws TypeError for an unknown option.
 */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  refuseUnknownKeys('openSession', options, known);
  const connection = resolveConnection(options);
  return {
    ...connection,
    cipher: resolveCipher(connection.definition, options.cipher),
    margin: 1000 * numberIn('refreshMargin', options.refreshMargin, 300, 0, 86_400 * 365),
    timeout: numberIn('timeout', options.timeout, 30_000, 1, 300_000),
  };
}

function resolveCipher(definition: PartnerDefinition, settings: CipherSettings | undefined): Cipher | undefined {
  if (settings !== undefined) return createCipher(settings);
  if (!requiresCipher(definition)) return undefined;
  throw configurationError(
    'cipher',
    `cipher is missing: ${definition.label} requires encrypted payloads. Ask it for the key, its format and the IV rule.`,
  );
}

function numberIn(name: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw configurationError(name, `${name} must be a number from ${least} to ${most}.`);
}
