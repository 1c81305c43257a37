import type { Credentials, PartnerAuthErrorCode, PartnerDefinition, SessionOptions } from '../../core/index.ts';
import type { ServerProcess } from './start-server.ts';

/** Lifetime of all access tokens, in seconds. */
export const accessLifetime = 3;

/** A token server that others wrote, with what its own protocol allows a session. */
export interface ServerUnderTest {
  readonly name: string;
  readonly version: string;
  /** Starts it in a process of its own, with its data in this folder, which is empty at first. */
  readonly start: (folder: string) => Promise<ServerProcess>;
  readonly partner: PartnerDefinition;
  readonly options?: Pick<SessionOptions, 'client' | 'extraFields'>;
  readonly credentials: Credentials;
  /** The credentials with another password, and how the login fails. */
  readonly wrong: { readonly credentials: Credentials; readonly code: PartnerAuthErrorCode };
  /** Path of a protected call, which fails with 401 without a token that is valid. */
  readonly protectedPath: string;
  /** Absent if a session has one token that cannot be renewed. */
  readonly refresh?: {
    /** Whether the refresh token that a refresh was made with is accepted again. */
    readonly reuse: 'accepted' | 'refused' | 'endsSession';
    /** Whether a refresh gets another refresh token. Default true. */
    readonly rotates?: false;
  };
  /** Whether a response to a login says when its token expires. Default true. */
  readonly statesLifetime?: false;
  /** Whether a sign-out ends the session at the server. */
  readonly signOut: 'revokes' | 'none';
  /** The same server with other ways to send the client, or with client credentials. */
  readonly clients?: Readonly<Record<'basic' | 'body' | 'clientCredentials', ClientUnderTest>>;
}

export interface ClientUnderTest {
  readonly partner: PartnerDefinition;
  readonly client: { readonly id: string; readonly secret: string };
}
