import type { CheckedProfile } from '../../core/profiles/index.ts';

/**
 * The id of the sandbox's profile, with a number from the second one on. Contains a dot, which no id derived from the
 * name of a profile does.
 */
export const sandboxId = 'partner-auth.sandbox';
const pattern = /^partner-auth\.sandbox(-\d+)?$/;

export interface SandboxProfile {
  readonly profile: CheckedProfile;
  readonly port: number;
}

/** The profiles that a sandbox of this machine can serve as they are, whatever else the user has changed in them. */
export function sandboxProfiles(profiles: readonly CheckedProfile[]): readonly SandboxProfile[] {
  return profiles.flatMap((profile) => {
    const { protocol, hostname, port } = new URL(profile.baseUrl);
    const isLocal = protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname) && port !== '';
    const isSandbox = pattern.test(profile.id) && profile.partner === 'tconnect' && isLocal;
    return isSandbox ? [{ profile, port: Number(port) }] : [];
  });
}

/** An id for a further sandbox profile. */
export function newSandboxId(takenIds: readonly string[]): string {
  for (let number = 1; ; number++) {
    const id = number === 1 ? sandboxId : `${sandboxId}-${number}`;
    if (!takenIds.includes(id)) return id;
  }
}
