import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Listening } from '../start-server.ts';

/** Of the programs whose packages are development dependencies. */
export interface OAuthSettings {
  /** Where the server keeps its tokens. */
  readonly file: string;
  /** In seconds. */
  readonly accessLifetime: number;
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether a refresh replaces the refresh token. */
  readonly rotates: boolean;
}

/** The settings that the program was started with. */
export function readSettings(): OAuthSettings {
  return JSON.parse(process.argv[2] ?? '') as OAuthSettings;
}

/** Serves on port 0 of 127.0.0.1, and reports the port to the process that started this one. */
export async function listen(createListener: (port: number) => RequestListener): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  server.on('request', createListener(port));
  process.send?.({ port } satisfies Listening);
}

/** The bearer token of a request. */
export function bearerOf(authorization = ''): string {
  return /^Bearer (.+)$/i.exec(authorization)?.[1] ?? '';
}

/** Of the programs whose packages `npm run test:servers` installs. */
export interface InstalledSettings {
  /** Where the server keeps its data; it is set up there if it is empty. */
  readonly folder: string;
  readonly email: string;
  readonly password: string;
  /** In seconds. */
  readonly accessLifetime: number;
}
