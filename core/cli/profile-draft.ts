import type { CipherSettingsWithoutSecrets, PartnerDefinition } from '../index.ts';
import {
  parseProfiles,
  requiresCipher,
  requiresPartnerCode,
  type CheckedProfile,
  type KnownPartners,
  type Profile,
} from '../profiles/index.ts';
import { connectionSettings, pathOf } from './connection-settings.ts';
import type { Given } from './grammar/given.ts';
import { profileSettings } from './grammar/settings.ts';
import { didYouMean } from './grammar/suggest.ts';
import { readJsonFile } from './input.ts';
import { canAsk, prompt, type PromptOptions } from './terminal/ask.ts';
import { note } from './terminal/output.ts';
import { configurationFailure, UsageError } from './usage-error.ts';

/** A profile that has not been checked yet. */
export type Draft = Partial<Profile> & Pick<Profile, 'id'>;

/** What `--from` has: a profile, `{ profile, definition }`, or a list with one of these. */
export async function readSource(
  given: Given,
): Promise<{ readonly profile?: Partial<Profile>; readonly definition?: unknown }> {
  const path = given.text('from');
  if (path === undefined) return {};
  const where = path === '-' ? 'stdin' : path;
  const value = await readJsonFile(path, '--from');
  const one = Array.isArray(value) ? oneOf(value, given.argument('NAME'), where) : value;
  if (typeof one !== 'object' || one === null)
    throw configurationFailure(`${where} must have a profile, as a JSON object.`);
  if (!('profile' in one)) {
    note(`Read a profile from ${where}.`);
    return { profile: one };
  }
  const { profile, definition } = one as { readonly profile: unknown; readonly definition?: unknown };
  if (typeof profile !== 'object' || profile === null)
    throw configurationFailure(`The field profile of ${where} must be an object.`);
  note(`Read a profile${definition === undefined ? '' : ' and the definition of its partner'} from ${where}.`);
  return { profile, definition };
}

/** From the array that `profiles.json` and the settings of VS Code hold. */
function oneOf(list: readonly unknown[], id: string | undefined, where: string): unknown {
  const named = list.find((entry) => (entry as { readonly id?: unknown } | null)?.id === id);
  if (named !== undefined) return named;
  if (list.length === 1) return list[0];
  throw configurationFailure(
    `${where} has ${list.length} profiles, and none has the id ${id ?? 'that is missing as NAME'}.`,
  );
}

export function hasSettings(given: Given): boolean {
  return profileSettings.some(({ name }) => name !== 'from' && given.has(name));
}

/** @throws UsageError if the option `--partner` names none of the partners. */
export function checkPartner(given: Given, partners: KnownPartners): void {
  const name = given.text('partner');
  if (name === undefined || Object.hasOwn(partners, name)) return;
  const known = Object.keys(partners);
  throw new UsageError(`--partner must be one of ${known.join(', ')}.${didYouMean(name, known)}`);
}

/** The profile with what the options change. */
export function draftOf(given: Given, base: Draft): Draft {
  const { partner, baseUrl, partnerCode, response, bodyForm, caFile, ...cipher } = connectionSettings(given);
  const label = given.text('label');
  const clientId = given.text('client-id');
  return {
    ...base,
    ...(label !== undefined && { label }),
    ...(partner !== undefined && { partner }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(partnerCode !== undefined && { partnerCode }),
    ...(clientId !== undefined && { client: { id: clientId } }),
    ...networkSettings(given),
    ...cipherWith(base.cipher, cipher),
    ...(response !== undefined && { response: { ...base.response, ...response } }),
    ...(bodyForm !== undefined && { bodyForm }),
    ...(caFile !== undefined && { caFile }),
  };
}

function networkSettings(given: Given): Partial<Profile> {
  const [apiUrl, proxy] = [given.text('api-url'), given.text('proxy')];
  const [certFile, keyFile, pfxFile] = ['client-cert', 'client-key', 'client-pfx'].map((name) => pathOf(given, name));
  const files = {
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    ...(pfxFile !== undefined && { pfxFile }),
  };
  return {
    ...(apiUrl !== undefined && { apiUrl }),
    ...(proxy !== undefined && { proxy: ['off', 'false'].includes(proxy) ? false : proxy }),
    ...(given.has('allow-http') && { allowHttp: true }),
    ...(Object.keys(files).length > 0 && { clientCertificate: files }),
  };
}

/** Where credentials and tokens of a profile go, for a person who adds one from a file. */
export function placesOf({ definition, baseUrl, apiUrl, proxy }: CheckedProfile): string {
  const api = apiUrl === undefined ? '' : `, protected calls to ${apiUrl}`;
  const way = typeof proxy === 'string' ? `, through the proxy ${new URL(proxy).host}` : '';
  return `${definition.label} at ${baseUrl}${api}${way}`;
}

type CipherOptions = Pick<
  ReturnType<typeof connectionSettings>,
  'keyFormat' | 'ivFrom' | 'ivFormat' | 'padding' | 'output'
>;

function cipherWith(
  before: CipherSettingsWithoutSecrets | undefined,
  { keyFormat, ivFrom, ivFormat, padding, output }: CipherOptions,
): { readonly cipher?: CipherSettingsWithoutSecrets } {
  const isChanged = [keyFormat, ivFrom, ivFormat, padding, output].some((value) => value !== undefined);
  if (!isChanged) return before === undefined ? {} : { cipher: before };
  const from = ivFrom ?? before?.iv.from;
  if (from === undefined)
    throw configurationFailure(
      'The source of the IV is missing: add --iv fixed | prefix | key | zero. Ask the partner which one applies.',
    );
  const format = ivFormat ?? (before?.iv.from === from ? (before.iv as { format?: string }).format : undefined);
  const iv = { ...(before?.iv.from === from ? before.iv : {}), from, ...(format !== undefined && { format }) };
  return {
    cipher: {
      ...before,
      ...(keyFormat !== undefined && { keyFormat }),
      iv: iv as CipherSettingsWithoutSecrets['iv'],
      ...(padding !== undefined && { padding }),
      ...(output !== undefined && { output }),
    },
  };
}

/** The draft with what a person answers for the fields that it lacks. Without a terminal, the check reports them. */
export async function withAnswers(draft: Draft, partners: KnownPartners, definition: unknown): Promise<Profile> {
  return canAsk() ? ask(draft, partners, definition as PartnerDefinition | undefined, false) : (draft as Profile);
}

/** The draft with what a person answers for every field. */
export function askAll(draft: Draft, partners: KnownPartners): Promise<Profile> {
  return ask(draft, partners, undefined, true);
}

async function ask(
  draft: Draft,
  partners: KnownPartners,
  definition: PartnerDefinition | undefined,
  all: boolean,
): Promise<Profile> {
  const answer = async <T extends string>(
    label: string,
    value: T | undefined,
    { fallback = value, problemOf }: Pick<PromptOptions, 'fallback' | 'problemOf'> = {},
  ): Promise<T> =>
    value === undefined || all
      ? ((await prompt(label, {
          ...(fallback !== undefined && { fallback }),
          ...(problemOf !== undefined && { problemOf }),
        })) as T)
      : value;
  const names = Object.keys(partners);
  const choosePartner = definition === undefined ? { problemOf: choiceProblem(names) } : {};
  const partner = await answer(`Partner (${names.join(', ')})`, draft.partner, choosePartner);
  const known = definition ?? (Object.hasOwn(partners, partner) ? partners[partner] : undefined);
  if (known === undefined) return { ...draft, partner } as Profile;
  const [suggested] = known.baseUrls ?? [];
  const baseUrl = await answer('Address, such as https://partner.example.com', draft.baseUrl, {
    ...(suggested !== undefined && draft.baseUrl === undefined && { fallback: suggested.url }),
    problemOf: (url) => addressProblem(url, draft.allowHttp === true),
  });
  const label = all ? await answer('Name to show', draft.label) : (draft.label ?? draft.id);
  const partnerCode = requiresPartnerCode(known) ? await answer('Partner code', draft.partnerCode) : draft.partnerCode;
  const clientId = known.client === undefined ? undefined : await answer('Client ID', draft.client?.id);
  const asksCipher = requiresCipher(known) && (draft.cipher === undefined || all);
  const cipher = asksCipher ? await askCipher(draft.cipher) : draft.cipher;
  return {
    ...draft,
    label,
    partner,
    baseUrl,
    ...(partnerCode !== undefined && { partnerCode }),
    ...(clientId !== undefined && { client: { id: clientId } }),
    ...(cipher !== undefined && { cipher }),
  };
}

/** What is wrong with an answer that must be one of these. */
function choiceProblem(choices: readonly string[]): (text: string) => string | undefined {
  return (text) =>
    choices.includes(text) ? undefined : `It must be one of ${choices.join(', ')}.${didYouMean(text, choices)}`;
}

function addressProblem(baseUrl: string, allowHttp: boolean): string | undefined {
  const connection = { baseUrl, ...(allowHttp && { allowHttp }) };
  const [problem] = parseProfiles([{ id: 'any', label: 'Any', partner: 'cloudreve', ...connection }]).problems;
  return problem && `${problem.field === 'allowHttp' ? '--allow-http' : 'The address'} ${problem.message}.`;
}

async function askCipher(before: CipherSettingsWithoutSecrets | undefined): Promise<CipherSettingsWithoutSecrets> {
  const choose = (label: string, option: string, fallback?: string): Promise<string> => {
    const choices = profileSettings.find(({ name }) => name === option)?.choices ?? [];
    // What the settings have may be one of those that are not offered here.
    const known = new Set([...choices, ...(fallback === undefined ? [] : [fallback])]);
    const problemOf = choiceProblem([...known]);
    return prompt(`${label} (${choices.join(', ')})`, { ...(fallback !== undefined && { fallback }), problemOf });
  };
  const keyFormat = await choose('Encoding of the AES key', 'key-format', before?.keyFormat ?? 'utf8');
  const from = await choose('Source of the IV', 'iv', before?.iv.from);
  const format = from === 'fixed' ? await choose('Encoding of the IV', 'iv-format', keyFormat) : undefined;
  const output = await choose('Encoding of the ciphertext', 'output', String(before?.output ?? 'hex'));
  return {
    ...before,
    keyFormat,
    iv: { ...(before?.iv.from === from ? before.iv : {}), from, ...(format !== undefined && { format }) },
    output,
  } as CipherSettingsWithoutSecrets;
}
