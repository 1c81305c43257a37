import type { Sandbox, SandboxPartner } from '../../core/sandbox/index.ts';
import type { Profile } from '../../core/profiles/profile.ts';

const labels = { tconnect: 'ACME', bizmail: 'Mailer', cloudreve: 'Drive' };

/** The profile of one partner of a sandbox, as a person would write it into the settings. */
export function profileOf(sandbox: Sandbox, partner: SandboxPartner, more: Partial<Profile> = {}): Profile {
  const { baseUrl } = sandbox.profiles[partner];
  return { id: partner, label: labels[partner], partner, baseUrl, ...ofTconnect(sandbox, partner), ...more };
}

function ofTconnect({ profiles }: Sandbox, partner: SandboxPartner): Partial<Profile> {
  if (partner !== 'tconnect') return {};
  const { partnerCode, cipher } = profiles.tconnect;
  const { keyFormat, iv, output } = cipher;
  const rule: NonNullable<Profile['cipher']>['iv'] =
    iv.from === 'fixed' ? { from: 'fixed', format: iv.format } : { from: iv.from };
  return { partnerCode, cipher: { keyFormat, iv: rule, output } };
}
