import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { parseJson } from '../lib/json.ts';
import { isNewer } from '../session/session-replica.ts';
import { remove, rename } from '../stores/files.ts';
import { isTombstone, parseStoredRecord, type PlainRecord, type StoredSession } from '../stores/stored-record.ts';

const algorithm = 'aes-256-gcm';
const sizes = { key: 32, iv: 12, tag: 16 };

/** A key with which the windows that hold a session encrypt it for each other, as base64. */
export function newRelayKey(): string {
  return randomBytes(sizes.key).toString('base64');
}

/** Encrypts a session for the windows that have its key, and replaces the file. */
export async function writeRelay(file: string, key: string, session: StoredSession): Promise<void> {
  const iv = randomBytes(sizes.iv);
  const cipher = createCipheriv(algorithm, Buffer.from(key, 'base64'), iv);
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(session)), cipher.final()]);
  await replaceFile(file, Buffer.concat([iv, cipher.getAuthTag(), ciphertext]));
}

/** The session in the file; undefined if there is none, or if it was encrypted with another key. */
export async function readRelay(file: string, key: string): Promise<StoredSession | undefined> {
  try {
    const bytes = await readFile(file);
    const start = sizes.iv + sizes.tag;
    const decipher = createDecipheriv(algorithm, Buffer.from(key, 'base64'), bytes.subarray(0, sizes.iv));
    decipher.setAuthTag(bytes.subarray(sizes.iv, start));
    const text = Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]).toString();
    const parsed = parseStoredRecord(parseJson(text));
    return parsed.kind === 'record' && !isTombstone(parsed.record) ? parsed.record : undefined;
  } catch {
    return undefined;
  }
}

/** The session of a window, or its copy from another window unless that is older or of another session. */
export function newestOf(own: PlainRecord | undefined, relayed: StoredSession | undefined): PlainRecord | undefined {
  if (relayed === undefined || own === undefined || isTombstone(own) || own.sessionId !== relayed.sessionId) return own;
  return isNewer(own, relayed) ? own : relayed;
}

/** Replaces a file at once, so that no reader sees a part of it. */
export async function replaceFile(file: string, content: string | Buffer): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, file);
  } finally {
    await remove(temporary).catch(() => undefined);
  }
}
