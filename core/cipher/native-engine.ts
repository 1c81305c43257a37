import { nodeCrypto } from '../lib/node-modules.ts';
import type { CbcEngine } from './engine.ts';

/** AES-CBC by OpenSSL (BoringSSL in VS Code): fastest above a few hundred bytes, where its set-up cost is paid back. */
export function nativeEngine(key: Uint8Array): CbcEngine {
  const { createCipheriv, createDecipheriv, createSecretKey } = nodeCrypto();
  const algorithm = `aes-${key.length * 8}-cbc`;
  // Node 24 takes 10 us to find out that a Buffer is no KeyObject, each time.
  const secret = createSecretKey(key);
  return {
    encrypt: (blocks, iv) => createCipheriv(algorithm, secret, iv).setAutoPadding(false).update(blocks),
    decrypt: (blocks, iv) => createDecipheriv(algorithm, secret, iv).setAutoPadding(false).update(blocks),
  };
}
