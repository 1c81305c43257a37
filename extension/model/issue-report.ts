import type { AuthExchange } from '../../core/index.ts';
import type { CheckedProfile, ProfileProblem, ProfileStatus } from '../../core/profiles/index.ts';

/** What a report about a problem states. Contains no secret, and neither the user's accounts nor the names of profiles. */
export interface IssueFacts {
  /** Versions and the like. */
  readonly environment: Readonly<Record<string, string>>;
  /** The simple settings by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly problems: readonly ProfileProblem[];
  readonly profile?: {
    readonly profile: CheckedProfile;
    readonly status: ProfileStatus;
    /** The last exchange, masked. */
    readonly exchange: AuthExchange | undefined;
    /** The values that the user has entered for it. */
    readonly entered: readonly string[];
  };
}

const masked = '••••••••';

/** The report as JSON, in English, for those who read it. */
export function issueReport({ environment, settings, problems, profile: about }: IssueFacts): string {
  const report = {
    ...environment,
    settings,
    problems: problems.map(({ of, field, message }) => `${of}${field === '' ? '' : `: ${field}`}: ${message}`),
    ...(about !== undefined && {
      profile: connection(about.profile),
      session: session(about.status),
      lastExchange: about.exchange === undefined ? 'none' : { ...about.exchange, at: time(about.exchange.at) },
    }),
  };
  const text = JSON.stringify(report, undefined, 2);
  const values = [about?.status.account, ...(about?.entered ?? [])].filter(
    (value) => value !== undefined && value !== '',
  );
  // Longest first: a short one may be a part of it.
  return values
    .sort((a = '', b = '') => b.length - a.length)
    .reduce<string>((result, value = '') => result.replaceAll(JSON.stringify(value).slice(1, -1), masked), text);
}

/** The text that the issue reporter starts with. */
export function issueBody(report: string): string {
  return `What did you do, what did you expect, and what happened?\n\n\n\n\`\`\`json\n${report}\n\`\`\`\n`;
}

function connection(profile: CheckedProfile) {
  const { partner, origin, apiOrigin, partnerCode, client, cipher, bodyForm, response, extraFields, caFile } = profile;
  return {
    partner,
    // The path of a base URL may contain a key.
    origin,
    apiOrigin: apiOrigin === origin ? undefined : apiOrigin,
    partnerCode: presence(partnerCode),
    client: presence(client?.id),
    // A salt belongs to the key.
    cipher:
      cipher &&
      (JSON.parse(JSON.stringify(cipher, (name, value: unknown) => (name === 'salt' ? masked : value))) as unknown),
    bodyForm,
    response,
    extraFields: extraFields && {
      login: Object.keys(extraFields.login ?? {}),
      refresh: Object.keys(extraFields.refresh ?? {}),
      ...(extraFields.oneTimeCode && { oneTimeCode: Object.keys(extraFields.oneTimeCode) }),
      ...(extraFields.logout && { logout: Object.keys(extraFields.logout) }),
    },
    caFile: presence(caFile),
  };
}

function session({ phase, refused, storage, accessExpiresAt, refreshExpiresAt, lastError }: ProfileStatus) {
  return {
    phase,
    refused,
    storage,
    accessExpiresAt: time(accessExpiresAt),
    refreshExpiresAt: time(refreshExpiresAt),
    lastError: lastError?.code,
  };
}

function presence(value: string | undefined): string | undefined {
  return value === undefined ? undefined : masked;
}

function time(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString();
}
