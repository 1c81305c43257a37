import type { CipherSettingsWithoutSecrets, PartnerDefinition } from '../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxDefinition } from '../../core/sandbox/index.ts';
import type { CheckedProfile } from '../../core/profiles/profile.ts';
import { fakeApp, type FakeApp, type FakeAppOptions } from './fake-app.ts';
import { acmePay } from './acme-pay.ts';

export interface AcmeFixture {
  readonly sandbox: Sandbox;
  readonly fake: FakeApp;
  readonly key: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** The profile that the settings currently hold. */
  profile(): CheckedProfile;
}

export interface AcmeFixtureOptions extends Omit<FakeAppOptions, 'replies' | 'profiles' | 'partners'> {
  readonly definition?: PartnerDefinition;
  /** The partner's cipher. Default: the first 16 bytes of the key as IV. */
  readonly cipher?: SandboxDefinition['cipher'];
  /** The profile's cipher settings, which may be wrong. Default: the partner's. */
  readonly settings?: CipherSettingsWithoutSecrets;
  readonly replies?: (sandbox: Sandbox, key: string) => FakeAppOptions['replies'];
}

const key = '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50';

/**
 * Runs a test with the README's partner in a sandbox, an app that has its definition in the settings, and a user who
 * enters correct values.
 */
export async function withAcmeApp(
  { definition = acmePay, cipher = { iv: { from: 'key' } }, settings, replies, ...rest }: AcmeFixtureOptions,
  test: (fixture: AcmeFixture) => Promise<void>,
): Promise<void> {
  const keyed = { key, keyFormat: 'hex', ...cipher } as const;
  await using sandbox = await startSandbox({ definitions: [{ definition, cipher: keyed }] });
  const partner = sandbox.profiles[definition.id];
  if (partner === undefined) throw new Error('The sandbox does not serve the definition.');
  const { key: _, ...withoutKey } = keyed;
  const profile = {
    id: 'acme',
    label: 'Acme',
    partner: definition.id,
    baseUrl: sandbox.url,
    ...(partner.partnerCode !== undefined && { partnerCode: partner.partnerCode }),
    cipher: settings ?? (withoutKey as CipherSettingsWithoutSecrets),
  };
  const typed = { key: keyed.key as string, ...partner.credentials, ...replies?.(sandbox, keyed.key as string) };
  const fake = fakeApp({ ...rest, profiles: [profile], partners: [definition], replies: typed });
  try {
    await test({
      sandbox,
      fake,
      key: keyed.key as string,
      credentials: partner.credentials,
      profile: () => fake.profile('acme'),
    });
  } finally {
    await fake.app.sessions.close();
  }
}
