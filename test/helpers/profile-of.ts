import { partners } from '../../core/index.ts';
import type { Profile } from '../../core/profiles/index.ts';
import type { Sandbox, SandboxPartner } from '../../core/sandbox/index.ts';

const labels: Readonly<Record<string, string>> = { tconnect: 'ACME', bizmail: 'Mailer', cloudreve: 'Drive' };

/** The profile of a sandbox partner, as a user would write it in the settings. */
export function profileOf(sandbox: Sandbox, partner: SandboxPartner, overrides: Partial<Profile> = {}): Profile {
  const { baseUrl, partnerCode, cipher } = sandbox.profiles[partner];
  const label = labels[partner] ?? partners[partner].label;
  return {
    id: partner,
    label,
    partner,
    baseUrl,
    ...(partnerCode !== undefined && { partnerCode }),
    ...(cipher !== undefined && {
      cipher: {
        keyFormat: cipher.keyFormat,
        iv: cipher.iv.from === 'fixed' ? { from: 'fixed', format: cipher.iv.format } : { from: cipher.iv.from },
        output: cipher.output,
      },
    }),
    ...overrides,
  };
}
