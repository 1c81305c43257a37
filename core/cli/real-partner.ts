import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import { configurationError } from '../lib/errors.ts';
import { partners } from '../partners/index.ts';
import { maskedPayload } from '../profiles/masked-payload.ts';
import { solveChallenges, type Challenge } from '../profiles/challenges.ts';
import { checkConnection } from '../exchange/connection.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import { openSession, type PartnerSession } from '../session/session.ts';
import { memoryStore } from '../stores/memory-store.ts';
import type { TokenStore } from '../stores/token-store.ts';
import type { Settings } from './arguments.ts';
import { ask } from './ask.ts';
import { describeCall, describeToken, refreshDeadline, type PartnerReport } from './report.ts';

/**
 * Signs in at a real partner, makes its harmless protected call where it has one, refreshes once and signs out. Never
 * replays an old token: that may end the session of other programs.
 */
export async function runAgainstPartner(settings: Settings): Promise<PartnerReport> {
  const { baseUrl = '', partner, partnerCode, bodyForm, response } = settings;
  if (partner === undefined) {
    throw configurationError('partner', `Say which partner: --partner ${Object.keys(partners).join(' | ')}.`);
  }
  const definition = partners[partner];
  const ca = await readCa(settings);
  const connection = { partner, baseUrl, partnerCode, bodyForm, response };
  // Before anything is asked for: nobody should type five secrets to learn of a wrong address.
  checkConnection(connection);
  const cipher = definition.body.form === 'encrypted' ? await cipherSettings(settings) : undefined;
  const store = memoryStore();
  await using session = await openSession({ ...connection, cipher, store, ca });

  const credentials: Record<string, string> = {};
  for (const { name, label, secret, required } of definition.credentials) {
    if (required !== false) credentials[name] = await ask(label, name, secret === true);
  }
  await signIn(session, definition, credentials);
  try {
    const signIn: PartnerReport['signIn'] = {
      method: definition.login.method ?? 'POST',
      path: definition.login.path,
      payload: maskedPayload(credentials, definition) as typeof credentials,
      headers: Object.fromEntries(Object.keys(definition.headers ?? {}).map((name) => [name, partnerCode ?? ''])),
    };
    return { partner, label: definition.label, baseUrl, sandbox: false, signIn, ...(await useSession(session, store)) };
  } catch (error) {
    // A token that nobody will use should not live on at the partner.
    await session.signOut().catch(() => undefined);
    throw error;
  }

  async function useSession(session: PartnerSession, store: TokenStore): Promise<UseReport> {
    const accessToken = await describeToken(session);
    const deadline = refreshDeadline(session);
    const before = await storedTokens(store);
    const { example } = definition;
    const call =
      example?.safe === true ? describeCall(example, await session.request(example.path, example)) : undefined;
    await session.refresh();
    const after = await storedTokens(store);
    const refreshed = await describeToken(session);
    return {
      accessToken,
      ...deadline,
      ...(call && { call }),
      refresh: {
        newAccessToken: after?.accessToken !== before?.accessToken,
        newRefreshToken: after?.refreshToken !== before?.refreshToken,
        accessToken: refreshed,
      },
      signOut: await session.signOut(),
    };
  }
}

type UseReport = Pick<PartnerReport, 'accessToken' | 'refreshExpiresAt' | 'call' | 'refresh' | 'signOut'>;

async function storedTokens(store: TokenStore): Promise<TokenSet | undefined> {
  const record = await store.read();
  return record === undefined || 'signedOutAt' in record ? undefined : record.tokens;
}

async function signIn(
  session: PartnerSession,
  definition: PartnerDefinition,
  credentials: Readonly<Record<string, string>>,
): Promise<void> {
  let captchas = 0;
  const answer = async (challenge: Challenge): Promise<string> => {
    switch (challenge.kind) {
      case 'oneTimeCode':
        // The same variable would be read again and again.
        if (challenge.error.code === 'invalidOneTimeCode') throw challenge.error;
        return ask('One-time code', 'otp', true);
      case 'captcha':
        if (captchas++ === 3) throw challenge.error;
        return askCaptcha(challenge.image);
    }
  };
  await solveChallenges((given) => session.login(given), definition, credentials, answer);
}

async function askCaptcha(image: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partner-auth-'));
  try {
    const kind = /^data:image\/([a-z]{1,8})/.exec(image)?.[1] ?? 'png';
    const file = join(folder, `captcha.${kind}`);
    await writeFile(file, Buffer.from(image.slice(image.indexOf(',') + 1), 'base64'));
    return await ask(`Text of the picture ${file}`, 'captcha', false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function cipherSettings({ keyFormat, ivFrom, ivFormat, padding, output }: Settings): Promise<CipherSettings> {
  if (ivFrom === undefined) {
    throw configurationError(
      'cipher.iv',
      'Say where the IV comes from: --iv fixed | prefix | key | zero. Ask the partner.',
    );
  }
  const iv: IvRule =
    ivFrom === 'fixed'
      ? { from: 'fixed', value: await ask('IV', 'iv', true), ...(ivFormat && { format: ivFormat }) }
      : { from: ivFrom };
  return {
    key: await ask('AES key', 'key', true),
    iv,
    ...(keyFormat && { keyFormat }),
    ...(padding && { padding }),
    ...(output && { output }),
  };
}

async function readCa({ caFile }: Settings): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  return readFile(caFile, 'utf8').catch(() => {
    throw configurationError('ca', `The file ${caFile} of --ca could not be read.`);
  });
}
