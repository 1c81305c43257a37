import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isPartnerAuthError, PartnerAuthError } from '../lib/errors.ts';
import { fsPromises, nodeCrypto, nodeOs } from '../lib/node-modules.ts';
import { remove } from '../stores/files.ts';
import { isServed, listenOn } from '../gateway/listen-on.ts';
import { addressFiles, readAddress, removeDamaged, writeAddress } from './address.ts';
import { headLine, readFrame } from './frame.ts';
import { clientHeader, editorHeader, isProof, newNonce, proofOf } from './proof.ts';
import type { SignedRequest } from './protocol.ts';
import { serveVerb, type BrokerHost, type Served } from './serve.ts';

export interface Broker {
  /** Stops listening, and aborts the calls in progress. */
  close(): Promise<void>;
}

/**
 * Serves programs in the terminals of this editor, which find it by the file `addressFile`: on a Unix socket in a folder
 * that only this user can enter, or on a pipe on Windows. Only who can read the file is served.
 *
 * @throws a system error if the file or the socket cannot be created.
 */
export async function startBroker(addressFile: string, host: BrokerHost): Promise<Broker> {
  await removeStale(addressFile);
  const key = nodeCrypto().randomBytes(32).toString('hex');
  // The body of a call may come from a pipe, as slowly as that is written.
  const server = createServer({ requestTimeout: 0 }, (request, response) => void serve(host, key, request, response));
  const socket = await listen(server);
  // One of its own too: another window of the same workspace replaces the first, and removes it when it closes.
  const files = [addressFile, join(dirname(addressFile), `${nodeCrypto().randomUUID()}.json`)];
  const close = async (): Promise<void> => {
    for (const file of files) if ((await readAddress(file))?.key === key) await remove(file).catch(() => undefined);
    await stop(server, socket);
  };
  try {
    for (const file of files) await writeAddress(file, { socket, key });
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** In bytes, of the path of a socket on any system. */
const maxPath = 103;

async function listen(server: Server): Promise<string> {
  const socket =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\partner-auth-${nodeCrypto().randomBytes(16).toString('hex')}`
      : join(await newFolder(), 'socket');
  try {
    await listenOn(server, { path: socket });
    return socket;
  } catch (error) {
    await removeFolder(socket);
    throw error;
  }
}

/** That only this user can enter. */
async function newFolder(): Promise<string> {
  const { XDG_RUNTIME_DIR: runtime } = process.env;
  const create = async (parent: string): Promise<string> => {
    const path = join(resolve(parent), 'partner-auth-');
    if (Buffer.byteLength(path) + 'XXXXXX/socket'.length > maxPath) throw new Error(`${parent} has too long a name.`);
    return fsPromises().mkdtemp(path);
  };
  if (runtime === undefined || runtime === '') return create(nodeOs().tmpdir());
  return create(runtime).catch(() => create(nodeOs().tmpdir()));
}

async function stop(server: ReturnType<typeof createServer>, socket: string): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await removeFolder(socket);
}

/** The folder that `listen()` has made for a socket. */
async function removeFolder(socket: string): Promise<void> {
  if (process.platform !== 'win32') await fsPromises().rm(dirname(socket), { recursive: true, force: true });
}

/** Removes what windows have left behind that did not close by themselves. */
async function removeStale(addressFile: string): Promise<void> {
  await removeDamaged(dirname(addressFile));
  for (const path of await addressFiles(addressFile)) {
    const address = await readAddress(path);
    if (address === undefined || (await isServed(address.socket))) continue;
    await remove(path).catch(() => undefined);
    await removeFolder(address.socket).catch(() => undefined);
  }
}

async function serve(host: BrokerHost, key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on('error', () => undefined);
  const nonces = { client: String(request.headers[clientHeader] ?? ''), editor: newNonce() };
  if (nonces.client.length < 16) {
    response.writeHead(403).end();
    return;
  }
  // The client sends the rest of its request, with its own proof, after it has this.
  const proof = `${nonces.editor} ${proofOf('editor', key, nonces)}`;
  response.writeHead(200, { [editorHeader]: proof }).flushHeaders();
  let isSent = false;
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  try {
    const frame = await readFrame(request);
    const signed = frame.head as Partial<SignedRequest> | null;
    if (!isProof(signed?.proof, proofOf('client', key, nonces))) {
      response.destroy();
      return;
    }
    const verb = request.url === '/v1' ? String(signed?.verb) : '';
    const served = await serveVerb(host, verb, { ...frame, head: signed?.head }, abort.signal);
    isSent = true;
    await send(response, served);
  } catch (error) {
    // A body that is not complete must not be taken for one that is.
    if (isSent) response.destroy();
    else response.end(headLine({ failure: failureOf(error) }));
  }
}

async function send(response: ServerResponse, { head, bytes }: Served): Promise<void> {
  response.write(headLine(head));
  if (bytes === undefined) response.end();
  else await pipeline(bytes, response);
}

function failureOf(error: unknown): unknown {
  if (isPartnerAuthError(error)) return error;
  // What a call cannot have, such as a header that the session sets by itself.
  if (error instanceof TypeError) return { typeError: error.message };
  return new PartnerAuthError('invalidResponse', 'VS Code could not do it because of an unexpected error.');
}
