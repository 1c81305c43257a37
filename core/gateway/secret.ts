import { fsPromises, nodeCrypto } from '../lib/node-modules.ts';
import { configurationError, isPartnerAuthError } from '../lib/errors.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { openInPlace, remove, writeNew } from '../stores/files.ts';

/** The first segment of a path, and the value of a header. */
const secretPattern = /^[\w-]{32,200}$/;

/** 256 bits. */
export function randomSecret(): string {
  return nodeCrypto().randomBytes(32).toString('base64url');
}

/** @throws PartnerAuthError `configuration` for a secret that is too short to be one, or does not fit into a URL. */
export function checkSecret(secret: string): string {
  if (typeof (secret as unknown) === 'string' && secretPattern.test(secret)) return secret;
  throw configurationError('secret', 'secret must be 32 to 200 characters of A-Z, a-z, 0-9, "-" and "_".');
}

/**
 * The secret in a file, for a gateway whose address is to stay the same. Creates the file with a random one, mode 0600, if
 * it is absent.
 *
 * @throws PartnerAuthError `configuration` if the file cannot be read or created, has no secret, or other users can read it.
 */
export async function gatewaySecret(path: string): Promise<string> {
  const temporary = `${path}.${nodeCrypto().randomUUID()}.tmp`;
  try {
    const found = await readSecret(path);
    if (found !== undefined) return found;
    await writeNew(temporary, `${randomSecret()}\n`, 0o600);
    // Of two gateways that start at the same time, both use the secret of the first.
    await fsPromises()
      .link(temporary, path)
      .catch(async (error: unknown) => {
        if (systemErrorCode(error) === 'EEXIST') return;
        // The file system has no hard links.
        await writeNew(path, `${randomSecret()}\n`, 0o600);
      });
    return (await readSecret(path)) ?? refuse(path, 'disappeared while it was read');
  } catch (error) {
    if (isPartnerAuthError(error)) throw error;
    if (systemErrorCode(error) === 'ELOOP') return refuse(path, 'is a link. Name the file itself');
    return refuse(path, `cannot be read or created (${systemErrorCode(error)})`);
  } finally {
    await remove(temporary).catch(() => undefined);
  }
}

/** Undefined if there is no file. */
async function readSecret(path: string): Promise<string | undefined> {
  const handle = await openInPlace(path, 'read').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) refuse(path, 'is not a file');
    const { mode, uid } = stats;
    if (process.platform !== 'win32') {
      if (uid !== process.geteuid?.()) refuse(path, 'belongs to another user');
      if ((mode & 0o077) !== 0) refuse(path, `can be read or written by other users. Run chmod 600 ${path}`);
    }
    const secret = (await handle.readFile('utf8')).trim();
    if (!secretPattern.test(secret))
      refuse(path, 'must have 32 to 200 characters of A-Z, a-z, 0-9, "-" and "_". Remove it for a new one');
    return secret;
  } finally {
    await handle.close();
  }
}

function refuse(path: string, problem: string): never {
  throw configurationError('secretFile', `The secret file ${path} ${problem}.`);
}
