import { parseStoredRecord, type StoredRecord } from '../../core/index.ts';

/** All secrets of one profile: the one JSON record in SecretStorage. */
export interface SecretRecord {
  readonly version: 1;
  /** The origin that these secrets were given for. A profile that points elsewhere does not get them. */
  readonly origin: string;
  readonly key?: string;
  readonly iv?: string;
  /** Login fields by their names on the wire; the password only if the user wanted it remembered. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly session?: StoredRecord;
}

/** The record, or why the text is none. */
export function parseSecretRecord(text: string): SecretRecord | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'it is no JSON' };
  }
  if (typeof value !== 'object' || value === null) return { problem: 'it is no object' };
  const { version, origin, key, iv, credentials, session } = value as Record<string, unknown>;
  if (version !== 1) return { problem: 'its version is not known' };
  if (typeof origin !== 'string') return { problem: 'its origin is missing' };
  if (![key, iv].every((part) => part === undefined || typeof part === 'string'))
    return { problem: 'its key is no text' };
  if (credentials !== undefined && !isTextMap(credentials)) return { problem: 'its credentials are no texts' };
  if (session !== undefined) {
    const parsed = parseStoredRecord(session);
    if ('problem' in parsed) return { problem: parsed.problem };
  }
  return value as SecretRecord;
}

function isTextMap(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
  );
}
