import type { StoredToken } from '../profiles/files/index.ts';
import type { Given } from './grammar/given.ts';
import { isoTime } from './terminal/times.ts';

/** In seconds. The default is enough for the call that the token is printed for. */
export function minValidityOf(given: Given): number {
  return given.number('min-validity') ?? 60;
}

export function formatToken(token: StoredToken, given: Given): string {
  return `${formats[(given.text('format') ?? 'token') as keyof typeof formats](token)}\n`;
}

const formats = {
  token: ({ token }: StoredToken) => token,
  header: ({ token }: StoredToken) => `Authorization: Bearer ${token}`,
  json: ({ profile, partner, token, expiresAt, signInAgainAt }: StoredToken) =>
    JSON.stringify({
      version: 1,
      profile,
      partner,
      token,
      tokenType: 'Bearer',
      expiresAt: dateTime(expiresAt),
      expiresOn: expiresAt === undefined ? null : Math.floor(expiresAt / 1000),
      signInAgainAt: dateTime(signInAgainAt),
    }),
  /** What `kubectl` and other clients of Kubernetes read from a credential plug-in. */
  'exec-credential': ({ token, expiresAt }: StoredToken) =>
    JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token, ...(expiresAt !== undefined && { expirationTimestamp: dateTime(expiresAt) }) },
    }),
};

function dateTime(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
