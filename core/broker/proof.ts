import { nodeCrypto } from '../lib/node-modules.ts';

/** The header in which a client sends its nonce. */
export const clientHeader = 'x-partner-auth-client';
/** The header in which the editor sends its nonce and proof, separated by a space. */
export const editorHeader = 'x-partner-auth-editor';

/** The random values of both sides: a proof for others is worth nothing here. */
export interface Nonces {
  readonly client: string;
  readonly editor: string;
}

export function newNonce(): string {
  return nodeCrypto().randomBytes(16).toString('hex');
}

/** Shows that its sender knows the key, without sending it: what listens at an old address may be another program. */
export function proofOf(sender: 'client' | 'editor', key: string, { client, editor }: Nonces): string {
  return nodeCrypto()
    .createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`${sender} ${client} ${editor}`)
    .digest('hex');
}

/** In a time that does not depend on where they differ. */
export function isProof(given: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(expected)];
  return a.length === b.length && nodeCrypto().timingSafeEqual(a, b);
}
