import { nodeCrypto } from '../lib/node-modules.ts';

/** The header in which a client sends its nonce and proof. */
export const clientHeader = 'x-partner-auth-client';
/** The header in which the editor sends its proof. */
export const editorHeader = 'x-partner-auth-editor';

/** Shows that its sender knows the key, without sending it: what listens at an old address may be another program. */
export function proofOf(sender: 'client' | 'editor', key: string, nonce: string): string {
  return nodeCrypto().createHmac('sha256', Buffer.from(key, 'hex')).update(`${sender} ${nonce}`).digest('hex');
}

/** In a time that does not depend on where they differ. */
export function isProof(given: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(expected)];
  return a.length === b.length && nodeCrypto().timingSafeEqual(a, b);
}
