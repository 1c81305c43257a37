import { readFile } from 'node:fs/promises';
import {
  checkConnection,
  type CipherSettings,
  type IvRule,
  memoryStore,
  PartnerAuthError,
  openSession,
  type PartnerSession,
  type TokenSet,
  type TokenStore,
  partners,
} from '../../index.ts';
import { maskedPayload } from '../../profiles/index.ts';
import { ask } from '../terminal/ask.ts';
import { signIn } from '../terminal/sign-in.ts';
import type { Settings } from './settings.ts';
import { describeCall, describeRefresh, describeRefreshExpiry, describeToken, type PartnerReport } from './report.ts';

/**
 * Signs in to a real partner, makes its safe example call if it has one, refreshes once and signs out. Never replays an
 * old refresh token, because that may end the sessions of other programs.
 */
export async function runAgainstPartner(settings: Settings): Promise<PartnerReport> {
  const { baseUrl = '', partner, partnerCode, bodyForm, response } = settings;
  if (partner === undefined) {
    throw new PartnerAuthError(
      'configuration',
      `The partner is missing: add --partner ${Object.keys(partners).join(' | ')}.`,
      { setting: 'partner' },
    );
  }
  const definition = partners[partner];
  const ca = await readCa(settings);
  const connection = { partner, baseUrl, partnerCode, bodyForm, response };
  // Before any prompt, so that a wrong address is reported before five secrets are typed.
  checkConnection(connection);
  const cipher = definition.body.form === 'encrypted' ? await askCipherSettings(settings) : undefined;
  const store = memoryStore();
  await using session = await openSession({ ...connection, cipher, store, ca });

  const credentials: Record<string, string> = {};
  for (const { name, label, secret, required } of definition.credentials) {
    if (required !== false) credentials[name] = await ask(label, name, secret === true);
  }
  await signIn((completed) => session.login(completed), definition, credentials);
  try {
    const signIn: PartnerReport['signIn'] = {
      method: definition.login.method ?? 'POST',
      path: definition.login.path,
      payload: maskedPayload(credentials, definition) as typeof credentials,
      headers: Object.fromEntries(Object.keys(definition.headers ?? {}).map((name) => [name, partnerCode ?? ''])),
    };
    return {
      partner,
      label: definition.label,
      baseUrl,
      sandbox: false,
      signIn,
      ...(await exerciseSession(session, store)),
    };
  } catch (error) {
    // An unused token should not stay valid at the partner.
    await session.signOut().catch(() => undefined);
    throw error;
  }

  async function exerciseSession(session: PartnerSession, store: TokenStore): Promise<SessionReport> {
    const accessToken = await describeToken(session);
    const refreshExpiry = describeRefreshExpiry(session);
    const before = await storedTokens(store);
    const { example } = definition;
    const call =
      example?.safe === true ? describeCall(example, await session.request(example.path, example)) : undefined;
    await session.refresh();
    const after = await storedTokens(store);
    const refreshed = await describeToken(session);
    return {
      accessToken,
      ...refreshExpiry,
      ...(call && { call }),
      refresh: describeRefresh(before, after, refreshed),
      signOut: await session.signOut(),
    };
  }
}

type SessionReport = Pick<PartnerReport, 'accessToken' | 'refreshExpiresAt' | 'call' | 'refresh' | 'signOut'>;

async function storedTokens(store: TokenStore): Promise<TokenSet | undefined> {
  const record = await store.read();
  return record !== undefined && 'tokens' in record ? record.tokens : undefined;
}

async function askCipherSettings({ keyFormat, ivFrom, ivFormat, padding, output }: Settings): Promise<CipherSettings> {
  if (ivFrom === undefined) {
    throw new PartnerAuthError(
      'configuration',
      'The source of the IV is missing: add --iv fixed | prefix | key | zero. Ask the partner which one applies.',
      { setting: 'cipher.iv' },
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
    throw new PartnerAuthError('configuration', `The file ${caFile} given as --ca could not be read.`, {
      setting: 'ca',
    });
  });
}
