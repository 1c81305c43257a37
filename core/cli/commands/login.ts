import {
  createCipher,
  isPartnerAuthError,
  type PartnerAuthError,
  type PartnerDefinition,
  type PartnerSession,
} from '../../index.ts';
import {
  cipherOf,
  storedCredentials,
  type CheckedProfile,
  type NetworkSecrets,
  type SecretRecord,
} from '../../profiles/index.ts';
import type { FileProfiles, StoreMode } from '../../profiles/files/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Given } from '../grammar/given.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { hideSecrets, selectProfile, watch, withProfiles } from '../profiles.ts';
import { ask, canAsk, prompt, readSecret } from '../terminal/ask.ts';
import { environmentVariable, fromEnvironment } from '../terminal/environment.ts';
import { note } from '../terminal/output.ts';
import { withProgress } from '../terminal/progress.ts';
import { signIn } from '../terminal/sign-in.ts';
import { duration, localTime } from '../terminal/times.ts';
import { UsageError } from '../usage-error.ts';

export const run: RunVerb = (given, signal) =>
  withProfiles(async (files) => {
    const [fromStdin, tokenFromStdin] = [given.has('password-stdin'), given.has('refresh-token-stdin')];
    if (fromStdin && tokenFromStdin) throw new UsageError('Give either --password-stdin or --refresh-token-stdin.');
    const profile = await selectProfile(files, given);
    // Before any prompt, so that a missing keyring is reported before secrets are typed.
    const store = await files.chooseStore(profile.id, given.text('store') as StoreMode | undefined);
    const pool = await files.pool();
    const profileStore = await pool.store(profile);
    const stored = await profileStore.secrets().catch(() => undefined);
    let network = networkSecrets(profile);
    const material = { ...(await keyMaterial(profile, stored)), ...(await clientSecretOf(profile, stored)) };
    const entered = tokenFromStdin ? undefined : await credentialsOf(profile, given, stored);
    const refreshToken = tokenFromStdin ? await readRefreshToken(profile) : undefined;
    hideSecrets(profile, { ...material, ...network, credentials: { ...stored?.credentials, ...entered } });
    const kept = keptCredentials(
      entered && storedCredentials(profile.definition, entered),
      stored,
      given.has('remember'),
    );
    if (store === 'plain') noteWhatIsPlain(profile, files, material, kept, network);

    const change = (record: SecretRecord): SecretRecord => ({
      ...record,
      ...material,
      ...network,
      ...(entered !== undefined && { credentials: kept, rememberPassword: kept.password !== undefined }),
    });
    let account: string | undefined;
    let expiresAt: number | undefined;
    const login = async (session: PartnerSession): Promise<void> => {
      watch(session);
      const text = `Signing in to ${profile.definition.label}`;
      if (refreshToken !== undefined) await withProgress(text, () => session.adopt({ refreshToken }, { signal }));
      else {
        const send: Parameters<typeof signIn>[0] = (credentials) =>
          withProgress(text, () => session.login(credentials, { signal }));
        await signIn(send, profile.definition, entered ?? {});
      }
      ({ account, accessExpiresAt: expiresAt } = session.status);
    };
    let unsaved: PartnerAuthError | undefined;
    for (;;) {
      try {
        unsaved = await pool.signIn(profile, { ...material, ...network }, change, login);
        break;
      } catch (error) {
        const asked = await askNetworkSecret(profile, error);
        if (asked === undefined) throw error;
        if (store === 'plain') note(`The ${namesOf(asked).join(' and the ')} is written there too.`);
        network = { ...network, ...asked };
        hideSecrets(profile, { ...material, ...network, credentials: { ...stored?.credentials, ...entered } });
      }
    }
    // So that the compiled code of `token` is cached, which writes nothing then.
    await import('../stored-token.ts');
    return report(profile, account, expiresAt, unsaved);
  });

function report(
  { id }: CheckedProfile,
  account: string | undefined,
  expiresAt: number | undefined,
  unsaved: PartnerAuthError | undefined,
): number {
  if (unsaved !== undefined) {
    note(`The partner has accepted the sign-in, but it could not be saved. ${unsaved.message}`);
    return exitCodes.failure;
  }
  const until =
    expiresAt === undefined
      ? ''
      : ` The token is valid for ${duration(expiresAt - Date.now())}, until ${localTime(expiresAt)}.`;
  note(`Signed in to ${id}${account === undefined ? '' : ` as ${account}`}.${until}`);
  return exitCodes.success;
}

/** Key and fixed IV: from the environment, else as they are stored, else asked for. */
async function keyMaterial(
  profile: CheckedProfile,
  stored: SecretRecord | undefined,
): Promise<Pick<SecretRecord, 'key' | 'iv'>> {
  const { cipher, label } = profile;
  if (cipher === undefined) return {};
  const key = fromEnvironment('PARTNER_AUTH_KEY') ?? stored?.key ?? (await ask(`AES key of ${label}`, 'key', true));
  if (cipher.iv.from !== 'fixed') return checked({ key });
  const iv = fromEnvironment('PARTNER_AUTH_IV') ?? stored?.iv ?? (await ask(`IV of ${label}`, 'iv', true));
  return checked({ key, iv });

  /** @throws PartnerAuthError `configuration` before more is asked for. */
  function checked(material: { readonly key: string; readonly iv?: string }): typeof material {
    const settings = cipherOf(profile, material.key, material.iv);
    if (settings !== undefined) createCipher(settings);
    return material;
  }
}

/** From the environment, else as it is stored, else asked for. Not every client has one. */
async function clientSecretOf(
  { client, label }: CheckedProfile,
  stored: SecretRecord | undefined,
): Promise<Pick<SecretRecord, 'clientSecret'>> {
  if (client === undefined) return {};
  const known = fromEnvironment(environmentVariable('client_secret')) ?? stored?.clientSecret;
  if (known === undefined && !canAsk()) return {};
  const question = `Secret of the client ${client.id} of ${label}, empty if it has none`;
  return { clientSecret: known ?? (await prompt(question, { secret: true, fallback: '' })) };
}

/** The login fields: from the environment or stdin, else as they are stored, else asked for. */
async function credentialsOf(
  { definition }: CheckedProfile,
  given: Given,
  stored: SecretRecord | undefined,
): Promise<Record<string, string>> {
  const passwordField = definition.credentials.find(({ name }) => name === 'password')?.name;
  const fromStdin = given.has('password-stdin');
  if (fromStdin && passwordField === undefined) {
    throw new UsageError(
      `--password-stdin is for partners with a password; ${definition.label} takes ${fieldList(definition)}.`,
    );
  }
  const credentials: Record<string, string> = {};
  for (const { name, label, secret, required } of definition.credentials) {
    const value =
      name === passwordField && fromStdin
        ? await readSecret('--password-stdin')
        : fromEnvironment(environmentVariable(name));
    const known = value ?? stored?.credentials?.[name];
    if (known !== undefined) credentials[name] = known;
    else if (required !== false)
      credentials[name] = await ask(`${label} for ${definition.label}`, name, secret === true);
  }
  return credentials;
}

/** From stdin, or asked for in a terminal. */
async function readRefreshToken({ definition }: CheckedProfile): Promise<string> {
  if (!canAsk()) return readSecret('--refresh-token-stdin');
  note('The browser or program that the refresh token is copied from may be signed out by this.');
  return prompt(`Refresh token of ${definition.label}`, { secret: true });
}

function fieldList({ credentials }: PartnerDefinition): string {
  return credentials.map(({ label }) => label).join(', ');
}

/** What is stored of the login fields: the password only if it is to be remembered, or already is. */
function keptCredentials(
  entered: Readonly<Record<string, string>> | undefined,
  stored: SecretRecord | undefined,
  remember: boolean,
): Readonly<Record<string, string>> {
  if (entered === undefined) return stored?.credentials ?? {};
  const { password, ...others } = entered;
  const isKept = password !== undefined && (remember || password === stored?.credentials?.password);
  return isKept ? { ...others, password } : others;
}

/** The secrets of the network that the environment has. */
function networkSecrets({ proxy, clientCertificate }: CheckedProfile): NetworkSecrets {
  const username = fromEnvironment('PARTNER_AUTH_PROXY_USERNAME');
  const password = fromEnvironment('PARTNER_AUTH_PROXY_PASSWORD');
  const passphrase = fromEnvironment('PARTNER_AUTH_PASSPHRASE');
  return {
    ...(typeof proxy === 'string' &&
      username !== undefined &&
      password !== undefined && { proxyCredentials: { proxy, username, password } }),
    ...(clientCertificate !== undefined && passphrase !== undefined && { clientCertificatePassphrase: passphrase }),
  };
}

/** What a person enters for a proxy or certificate that has refused what is known; undefined if nobody can be asked. */
async function askNetworkSecret(
  { proxy, clientCertificate }: CheckedProfile,
  error: unknown,
): Promise<NetworkSecrets | undefined> {
  if (!isPartnerAuthError(error) || error.code !== 'configuration' || !canAsk()) return undefined;
  if (error.setting === 'proxy' && typeof proxy === 'string') {
    note(error.message);
    const { host } = new URL(proxy);
    const username = await prompt(`User for the proxy ${host}`);
    const password = await prompt(`Password for the proxy ${host}`, { secret: true, fallback: '' });
    return { proxyCredentials: { proxy, username, password } };
  }
  if (error.setting === 'clientCertificate.passphrase' && clientCertificate !== undefined) {
    note(error.message);
    return { clientCertificatePassphrase: await prompt('Passphrase of the client certificate', { secret: true }) };
  }
  return undefined;
}

function namesOf({ proxyCredentials, clientCertificatePassphrase }: NetworkSecrets): readonly string[] {
  return [
    ...(proxyCredentials === undefined ? [] : ['user and password of the proxy']),
    ...(clientCertificatePassphrase === undefined ? [] : ['passphrase of the certificate']),
  ];
}

function noteWhatIsPlain(
  { definition }: CheckedProfile,
  { paths }: FileProfiles,
  { key, iv, clientSecret }: Pick<SecretRecord, 'key' | 'iv' | 'clientSecret'>,
  kept: Readonly<Record<string, string>>,
  network: NetworkSecrets,
): void {
  const secrets = definition.credentials.filter(({ name, secret }) => secret === true && kept[name] !== undefined);
  const items = [
    'access token',
    'refresh token',
    ...(key === undefined ? [] : ['AES key']),
    ...(iv === undefined ? [] : ['IV']),
    ...(clientSecret ? ['client secret'] : []),
    ...secrets.map(({ label }) => label),
    ...namesOf(network),
  ];
  note(
    `With --store plain, these are written to ${paths.state} in plain text, readable by this user only: ${items.join(', ')}.`,
  );
}
