// Compiled by `npm run typecheck`, never run: each expected error proves that a mistake is one for tsc too.
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- how types are compared */
import {
  definePartner,
  openSession,
  partners,
  type CipherSettings,
  type CredentialsOf,
  type PartnerDefinition,
  type PartnerSession,
  type SessionOptions,
} from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assertTrue = <_T extends true>(): void => undefined;

const baseUrl = 'https://partner.example';
declare const cipher: CipherSettings;

/** An interface has no index signature. */
interface Account {
  readonly username: string;
  readonly password: string;
}

export async function tconnect(account: Account): Promise<void> {
  const session = await openSession({ partner: 'tconnect', baseUrl, partnerCode: 'M-1', cipher });
  const credentials = { username: 'a', password: 'b', client_id: 'c', client_secret: 'd' };
  await session.login(credentials);
  await session.ensureSignedIn(() => credentials, { replace: true });
  await session.ensureSignedIn(async () => Promise.resolve(credentials));
  assertTrue<
    Same<
      CredentialsOf<'tconnect'>,
      {
        readonly username: string;
        readonly password: string;
        readonly client_id: string;
        readonly client_secret: string;
      }
    >
  >();
  // @ts-expect-error TCONNECT has no email
  await session.login({ email: 'a' });
  // @ts-expect-error two credentials are missing
  await session.login(account);
  // @ts-expect-error a misspelled credential
  await session.ensureSignedIn({ ...credentials, client_sceret: 'd' });
  // @ts-expect-error a credential is a string
  await session.login({ ...credentials, client_id: 5 });
  // @ts-expect-error the cipher is missing
  await openSession({ partner: 'tconnect', baseUrl, partnerCode: 'M-1' });
  // @ts-expect-error the partner code is missing
  await openSession({ partner: 'tconnect', baseUrl, cipher });
  // @ts-expect-error the same by its definition
  await openSession({ partner: partners.tconnect, baseUrl });
}

export async function others(account: Account): Promise<void> {
  const bizmail = await openSession({ partner: partners.bizmail, baseUrl });
  await bizmail.login(account);
  // @ts-expect-error BizMail has no email
  await bizmail.login({ username: 'a', password: 'b', email: 'c' });
  // @ts-expect-error BizMail has no client secret
  await bizmail.login({ ...account, client_secret: 'd' });
  const cloudreve = await openSession({ partner: 'cloudreve', baseUrl });
  await cloudreve.login({ email: 'a', password: 'b' });
  await cloudreve.login({ email: 'a', password: 'b', captcha: 'x', ticket: 'y', otp: '123456' });
  await cloudreve.login({ otp: '123456' });
  // @ts-expect-error the password is missing
  await cloudreve.login({ email: 'a' });
}

const literal = {
  id: 'acme',
  label: 'Acme',
  headers: { 'X-Partner': 'id {partnerCode}' },
  body: { form: 'json' },
  requestBody: { form: 'encrypted', field: 'data' },
  credentials: [
    { name: 'user', label: 'User', account: true },
    { name: 'pin', label: 'PIN', secret: true },
    { name: 'branch', label: 'Branch', required: false },
  ],
  login: { path: '/login' },
  response: { accessToken: 'token' },
} as const;

export async function ownDefinitions(wide: PartnerDefinition): Promise<void> {
  const { credentials, login, response, body } = literal;
  const defined = definePartner({ id: 'plain', label: 'Plain', body, credentials, login, response });
  for (const session of [
    await openSession({ partner: literal, baseUrl, partnerCode: 'M-1', cipher }),
    await openSession({ partner: defined, baseUrl }),
  ]) {
    await session.login({ user: 'a', pin: '1' });
    await session.login({ user: 'a', pin: '1', branch: 'b' });
    // @ts-expect-error the PIN is missing
    await session.login({ user: 'a' });
    // @ts-expect-error no such credential
    await session.login({ user: 'a', pin: '1', email: 'c' });
  }
  // @ts-expect-error cipher and partner code are missing
  await openSession({ partner: literal, baseUrl });
  const session = await openSession({ partner: wide, baseUrl });
  await session.login({ anything: 'a' });
}

export async function knownAtRunTime(options: SessionOptions, name: keyof typeof partners): Promise<PartnerSession[]> {
  const one = await openSession(options);
  await one.login({ anything: 'a' });
  const other = await openSession({ partner: name, baseUrl });
  await other.login({ anything: 'a' } satisfies Record<string, string>);
  const typed: PartnerSession<'tconnect'> = await openSession({
    partner: 'tconnect',
    baseUrl,
    partnerCode: 'M-1',
    cipher,
  });
  const any: PartnerSession = typed;
  await any.login({ anything: 'a' });
  // @ts-expect-error credentials are an object
  await any.login('a');
  return [one, other, typed];
}

export async function sandbox(): Promise<void> {
  await using running = await startSandbox();
  const { profiles } = running;
  const session = await openSession({ ...profiles.tconnect });
  await session.login(profiles.tconnect.credentials);
  // @ts-expect-error those of another partner
  await session.login(profiles.cloudreve.credentials);
}
