import type { OpenResponse } from '../exchange/partner-response.ts';
import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { Logger } from '../lib/logger.ts';
import type { PartnerSession } from '../session/partner-session.ts';
import type { ForwardedCall, ForwardingSession } from '../session/request/forward.ts';
import { readAll, type Frame } from './frame.ts';
import type { Content, OfferedProfile, ProfileKey, Requests, Responses, VerbName } from './protocol.ts';

/** What the editor lets programs in its terminals use. */
export interface BrokerHost {
  readonly log: Logger;
  profiles(): Promise<readonly OfferedProfile[]>;
  /** @throws PartnerAuthError `configuration` if there is no such profile any more, `signedOut` if it has no session. */
  session(profile: ProfileKey): Promise<PartnerSession>;
  /** Whether the user lets programs have the access token itself. May ask the user. */
  allowToken(id: string): Promise<boolean>;
}

/** The response to a verb, whose bytes follow its head. */
export interface Served {
  readonly head: object;
  readonly bytes?: AsyncIterable<Uint8Array>;
}

/** In bytes, of the content of one call, which is kept so that the call can be repeated. */
const maxContent = 256 * 1024 * 1024;

type Verb<Name extends VerbName> = (
  host: BrokerHost,
  head: Requests[Name],
  frame: Frame,
  signal: AbortSignal,
) => Promise<{ readonly head: Responses[Name]; readonly bytes?: AsyncIterable<Uint8Array> }>;

const verbs: { readonly [Name in VerbName]: Verb<Name> } = {
  async profiles(host) {
    return { head: { profiles: await host.profiles() } };
  },

  async token({ log, session: open, allowToken }, { profile, minValidity }, _frame, signal) {
    const session = await open(profile);
    if (!(await allowToken(profile.id)))
      throw configurationError(
        'token',
        `The access token of ${profile.id} was denied in VS Code. Use request, exec or gateway, which do not hand it over, or reload the window of VS Code to be asked again.`,
      );
    const token = await session.accessToken({ minValidity, signal });
    log.info(`${profile.id}: a program in a terminal got the access token.`);
    return { head: { token, status: session.status } };
  },

  async refresh({ log, session: open }, { profile }, _frame, signal) {
    const session = await open(profile);
    log.info(`${profile.id}: a program in a terminal refreshes the tokens.`);
    await session.refresh({ signal });
    return { head: { status: session.status } };
  },

  async stream({ log, session: open }, { profile, path, query, options, content }, frame, signal) {
    const session = await open(profile);
    const given = await readContent(frame, content);
    const { body, ...response } = await session.stream(path, {
      ...options,
      ...(query !== undefined && { query: new URLSearchParams(query) }),
      ...(content?.kind === 'payload' && { payload: JSON.parse(given.toString()) as object }),
      // A Blob has the content type that the body has by itself.
      ...(content?.kind === 'body' && { body: new Blob([given], { type: content.contentType ?? '' }) }),
      signal,
    });
    log.info(lineOf(profile.id, options.method ?? '', path, response.status));
    return { head: response as Responses['stream'], bytes: body };
  },

  async forward({ log, session: open }, { profile, method, path, headers, timeout, content }, frame, signal) {
    const session = (await open(profile)) as PartnerSession & ForwardingSession;
    const call: ForwardedCall = {
      method,
      path,
      headers,
      ...(timeout !== undefined && { timeout }),
      ...forwardedContent(content, await readContent(frame, content)),
    };
    const { status, headers: received, error, start, rest } = await session.forward(call, signal);
    log.info(lineOf(profile.id, method, path, status));
    return {
      head: { status, headers: received, isWhole: rest === undefined, ...(error !== undefined && { error }) },
      bytes: bytesOf(start, rest),
    };
  },
};

/** @throws PartnerAuthError or TypeError if the verb cannot be served. */
export async function serveVerb(host: BrokerHost, name: string, frame: Frame, signal: AbortSignal): Promise<Served> {
  if (!Object.hasOwn(verbs, name))
    throw new PartnerAuthError('invalidResponse', 'VS Code has another version of Partner Auth. Update both.');
  // Its head is that of the verb, since only this version of the client sends it.
  const verb = verbs[name as VerbName] as (...args: Parameters<Verb<never>>) => Promise<Served>;
  return verb(host, frame.head as never, frame, signal);
}

async function readContent(frame: Frame, content: Content | undefined): Promise<Buffer> {
  if (content === undefined) return Buffer.alloc(0);
  const bytes = await readAll(frame, maxContent);
  if (bytes !== undefined) return bytes;
  throw configurationError('body', `The body is larger than ${maxContent / 1024 / 1024} MiB.`);
}

function forwardedContent(content: Content | undefined, bytes: Buffer): Pick<ForwardedCall, 'payload' | 'raw'> {
  if (content === undefined) return {};
  if (content.kind === 'payload') return { payload: JSON.parse(bytes.toString()) as unknown };
  const { contentType, fallbackType } = content;
  return {
    raw: {
      body: bytes,
      ...(contentType !== undefined && { contentType }),
      ...(fallbackType !== undefined && { fallbackType }),
    },
  };
}

async function* bytesOf(start: Uint8Array, rest: OpenResponse['rest']): AsyncGenerator<Uint8Array> {
  try {
    yield start;
    for (let chunk = await rest?.next(); chunk !== undefined; chunk = await rest?.next()) yield chunk;
  } finally {
    rest?.cancel();
  }
}

function lineOf(profile: string, method: string, path: string, status: number): string {
  return `${profile}: a program in a terminal called ${plainLine(method)} ${plainLine(path.replace(/\?.*/s, ''))}: ${status}`;
}
