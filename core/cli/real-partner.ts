import { readFile, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import { configurationError, PartnerAuthError } from '../errors.ts';
import { partners } from '../partners/index.ts';
import type { Credentials } from '../session/credentials.ts';
import { openSession } from '../session/open-session.ts';
import type { PartnerSession } from '../session/session.ts';
import type { Settings } from './arguments.ts';
import { ask } from './ask.ts';
import { describeCall, describeToken, maskedPayload, refreshDeadline, type PartnerReport } from './report.ts';

/**
 * Signs in at a real partner, makes its harmless protected call where it has one, refreshes once and signs out. Never
 * replays an old token: that may end the session of other programs.
 */
export async function runAgainstPartner(settings: Settings): Promise<PartnerReport> {
  const { baseUrl = '', partner, partnerCode, bodyForm } = settings;
  if (partner === undefined) {
    throw configurationError('partner', `Say which partner: --partner ${Object.keys(partners).join(' | ')}.`);
  }
  const definition = partners[partner];
  const cipher = definition.body.form === 'encrypted' ? await cipherSettings(settings) : undefined;
  await using session = await openSession({
    partner,
    baseUrl,
    partnerCode,
    cipher,
    bodyForm,
    ca: await readCa(settings),
  });

  const credentials: Record<string, string> = {};
  for (const { name, label, secret, required } of definition.credentials) {
    if (required !== false) credentials[name] = await ask(label, name, secret === true);
  }
  await signIn(session, credentials);
  const accessToken = await describeToken(session);
  const before = await session.accessToken();
  const deadline = refreshDeadline(session);

  const { example } = definition;
  const call = example?.safe === true ? describeCall(example, await session.request(example.path, example)) : undefined;
  await session.refresh();
  const rotated = (await session.accessToken()) !== before;
  const refreshed = await describeToken(session);
  return {
    partner,
    label: definition.label,
    baseUrl,
    sandbox: false,
    signIn: {
      method: definition.login.method ?? 'POST',
      path: definition.login.path,
      payload: maskedPayload(definition, credentials),
      headers: Object.fromEntries(Object.keys(definition.headers ?? {}).map((name) => [name, partnerCode ?? ''])),
    },
    accessToken,
    ...deadline,
    ...(call && { call }),
    refresh: { rotated, accessToken: refreshed },
    signOut: await session.signOut(),
  };
}

async function signIn(session: PartnerSession, credentials: Credentials): Promise<void> {
  let next = credentials;
  for (;;) {
    try {
      await session.login(next);
      return;
    } catch (error) {
      if (!(error instanceof PartnerAuthError)) throw error;
      if (error.code === 'oneTimeCodeRequired') {
        next = { otp: await ask('One-time code', 'otp', true) };
      } else if (error.challenge !== undefined) {
        const { image, ticket } = error.challenge;
        const file = join(await mkdtemp(join(tmpdir(), 'partner-auth-')), 'captcha');
        await writeFile(file, Buffer.from(image.slice(image.indexOf(',') + 1), 'base64'));
        next = { ...credentials, captcha: await ask(`Text of the picture ${file}`, 'captcha', false), ticket };
      } else {
        throw error;
      }
    }
  }
}

async function cipherSettings({ keyFormat, ivFrom, ivFormat, output }: Settings): Promise<CipherSettings> {
  if (ivFrom === undefined)
    throw configurationError('cipher.iv', 'Say where the IV comes from: --iv fixed | prefix | key. Ask the partner.');
  const iv: IvRule =
    ivFrom === 'fixed'
      ? { from: 'fixed', value: await ask('IV', 'iv', true), ...(ivFormat && { format: ivFormat }) }
      : { from: ivFrom };
  return { key: await ask('AES key', 'key', true), iv, ...(keyFormat && { keyFormat }), ...(output && { output }) };
}

async function readCa({ caFile }: Settings): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  return readFile(caFile, 'utf8').catch(() => {
    throw configurationError('ca', `The file ${caFile} of --ca could not be read.`);
  });
}
