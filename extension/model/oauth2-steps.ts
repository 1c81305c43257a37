import {
  isPartnerAuthError,
  oauth2Partner,
  type OAuth2Grant,
  type OAuth2Options,
  type PartnerDefinition,
} from '../../core/index.ts';
import type { KnownPartners } from '../../core/profiles/index.ts';
import { describeProbe, tidyBaseUrl } from './base-url.ts';
import { baseUrlStep, clientIdStep, labelStep, uniqueId, type Probe } from './connection-steps.ts';
import { tidy } from './pasted.ts';
import type { Translate } from './translate.ts';
import type { Answers, Doubt, InputStep, PickStep, Step } from './wizard.ts';

/** Selected instead of a partner to make the definition of an OAuth 2.0 server. Cannot be the id of a partner. */
export const oauth2Choice = '$oauth2';
const noClient = 'none';
/** RFC 6749 names no path. Many servers have this one. */
const commonTokenPath = '/oauth2/token';
/** For the checks of single answers. */
const draft: OAuth2Options = { id: 'oauth2', label: 'OAuth 2.0', tokenPath: commonTokenPath, grant: 'password' };

/** The steps that make the definition of an OAuth 2.0 server and a profile for it. Without `probe`, no server is called. */
export function oauth2Steps(answers: Answers, t: Translate, probe?: Probe): readonly Step[] {
  const label = (answers.label ?? '').trim();
  const { baseUrl, tokenPath } = serverOf(answers);
  const steps: Step[] = [
    { ...labelStep(t), placeholder: t('Name of the server') },
    {
      ...baseUrlStep({ partner: oauth2Partner(draft) }, t),
      prompt: t('Base URL of {0}, or the URL of its token endpoint', label),
      tidy: (value) => tidyBaseUrl(value, undefined, t),
    },
    {
      ...pathStep('tokenPath', t('Path of the token endpoint below {0}', baseUrl), answers, t, probe),
      value: tokenPath,
    },
    {
      ...pathStep('revocationPath', t('Path of the revocation endpoint below {0}', baseUrl), answers, t),
      placeholder: t('Leave it empty if there is none: signing out then only deletes the tokens here'),
    },
    grantStep(t),
    clientStep(answers, t),
  ];
  if (answers.clientSend !== noClient) steps.push(clientIdStep(label, t));
  return [...steps, scopeStep(t)];
}

/**
 * The definition that the answers describe: one that is known already if it differs in nothing but its name, or a new one
 * with an id that is not taken.
 */
export function oauth2Definition(
  answers: Answers,
  known: KnownPartners,
  takenIds: readonly string[],
): { readonly definition: PartnerDefinition; readonly isNew: boolean } {
  const options = optionsOf(answers);
  const existing = Object.values(known).find(
    ({ id, label }) => JSON.stringify(oauth2Partner({ ...options, id, label })) === JSON.stringify(known[id]),
  );
  if (existing !== undefined) return { definition: existing, isNew: false };
  const named = uniqueId(options.label, []);
  const name = /^[a-z]/.test(named) ? options.label : `oauth ${options.label}`;
  const id = uniqueId(name, [...Object.keys(known), ...takenIds]);
  return { definition: oauth2Partner({ ...options, id }), isNew: true };
}

/** The answers as those to the steps of a partner that is known. */
export function answersFor({ id }: PartnerDefinition, answers: Answers): Answers {
  return { ...answers, partner: id, baseUrl: serverOf(answers).baseUrl };
}

/** The answer to the step of the base URL, which may be the address of the token endpoint. */
function serverOf({ baseUrl = '' }: Answers): { readonly baseUrl: string; readonly tokenPath: string } {
  const { origin, pathname } = URL.canParse(baseUrl) ? new URL(baseUrl) : { origin: baseUrl, pathname: '' };
  return /\/token$/i.test(pathname)
    ? { baseUrl: origin, tokenPath: pathname }
    : { baseUrl, tokenPath: commonTokenPath };
}

function optionsOf(answers: Answers): OAuth2Options {
  const { label = '', tokenPath, revocationPath = '', grant, clientSend = 'basic', scope = '' } = answers;
  return {
    ...draft,
    label: label.trim(),
    tokenPath: tokenPath ?? serverOf(answers).tokenPath,
    ...(revocationPath !== '' && { revocationPath }),
    grant: (grant ?? 'password') as OAuth2Grant,
    ...(clientSend !== noClient && { client: { send: clientSend as 'basic' | 'body' } }),
    ...(scope !== '' && { scope }),
  };
}

function pathStep(
  id: 'tokenPath' | 'revocationPath',
  prompt: string,
  answers: Answers,
  t: Translate,
  probe?: Probe,
): InputStep {
  const { baseUrl } = serverOf(answers);
  return {
    kind: 'input',
    id,
    prompt,
    tidy: (value) => tidyPath(value, baseUrl, t),
    validate(value) {
      if (id === 'revocationPath' && value === '') return undefined;
      try {
        oauth2Partner({ ...draft, [id]: value });
        return undefined;
      } catch (error) {
        if (!isPartnerAuthError(error)) throw error;
        return t('Enter a path that starts with one "/", such as {0}, without spaces and "#".', commonTokenPath);
      }
    },
    ...(probe && {
      async check(path: string, signal: AbortSignal): Promise<Doubt | undefined> {
        const result = await probe({ partner: oauth2Partner({ ...draft, tokenPath: path }), baseUrl }, signal);
        return result.kind === 'partner' ? undefined : { message: describeProbe(result, 'OAuth 2.0', t) };
      },
    }),
  };
}

/** A path as it is documented: often as a URL, or without its first slash. */
function tidyPath(raw: string, baseUrl: string, t: Translate): { readonly value: string; readonly note?: string } {
  const { value: text, note } = tidy('id', raw, t);
  const rest = text.toLowerCase().startsWith(`${baseUrl.toLowerCase()}/`) ? text.slice(baseUrl.length) : text;
  const value = /^https?:\/\//i.test(rest) || rest === '' || rest.startsWith('/') ? rest : `/${rest}`;
  return { value, ...(note !== undefined && { note }) };
}

function grantStep(t: Translate): PickStep {
  return {
    kind: 'pick',
    id: 'grant',
    prompt: t('How does a session start?'),
    items: [
      { value: 'password', label: t('Username and password'), detail: 'grant_type=password' },
      {
        value: 'clientCredentials',
        label: t('Client credentials, without a person'),
        detail: 'grant_type=client_credentials',
      },
      {
        value: 'refreshToken',
        label: t('A refresh token from elsewhere, such as a sign-in in a browser'),
        detail: 'grant_type=refresh_token',
      },
    ],
  };
}

function clientStep({ grant }: Answers, t: Translate): PickStep {
  return {
    kind: 'pick',
    id: 'clientSend',
    prompt: t('How are the client ID and its secret sent?'),
    items: [
      { value: 'basic', label: t('In the header Authorization (Basic)'), detail: 'client_secret_basic' },
      { value: 'body', label: t('In the body, also for a client without a secret'), detail: 'client_secret_post' },
      // Client credentials are those of a client.
      ...(grant === 'clientCredentials' ? [] : [{ value: noClient, label: t('No client') }]),
    ],
  };
}

function scopeStep(t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'scope',
    prompt: t('Scopes, separated by spaces'),
    placeholder: t('Leave it empty for those that the server chooses'),
    tidy: (value) => tidy('name', value, t),
    validate: (value) =>
      /^[\x20-\x7e]{0,1000}$/.test(value)
        ? undefined
        : t('Enter printable ASCII characters without leading or trailing spaces.'),
  };
}
