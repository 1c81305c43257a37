import {
  checkConnection,
  isPartnerAuthError,
  type ConnectionOptions,
  type PartnerDefinition,
} from '../../core/index.ts';
import { labelPattern, type ProbeResult } from '../../core/profiles/index.ts';
import { checkServer, tidyBaseUrl } from './base-url.ts';
import { characterName, firstOther, tidy } from './pasted.ts';
import type { Translate } from './translate.ts';
import type { InputStep } from './wizard.ts';

/** Asks what responds at the address of a connection. */
export type Probe = (connection: ConnectionOptions, signal: AbortSignal) => Promise<ProbeResult>;

/** Where the partner is. `connection` is what is known about it so far. */
export function baseUrlStep(
  connection: Omit<ConnectionOptions, 'partner' | 'baseUrl'> & { readonly partner: PartnerDefinition },
  t: Translate,
  probe?: Probe,
): InputStep {
  const { partner } = connection;
  const connectionAt = (baseUrl: string): ConnectionOptions => ({
    ...unknownIdentity(partner),
    ...connection,
    baseUrl,
  });
  return {
    kind: 'input',
    id: 'baseUrl',
    prompt: t('Base URL of {0}', partner.label),
    placeholder: 'https://partner.example',
    tidy: (value) => tidyBaseUrl(value, partner, t),
    validate: (value) =>
      connectionProblem(
        connectionAt(value),
        'baseUrl',
        t('Enter an https URL without user info, query or fragment (http only on this machine).'),
      ),
    ...(probe && {
      check: (value: string, signal: AbortSignal) =>
        checkServer(value, partner, (baseUrl) => probe(connectionAt(baseUrl), signal), t),
    }),
  };
}

/** In place of what a partner requires and is not known yet. Whether it is accepted does not matter for its address. */
function unknownIdentity({ client }: PartnerDefinition): Pick<ConnectionOptions, 'partnerCode' | 'client'> {
  return { partnerCode: 'x', ...(client !== undefined && { client: { id: 'x' } }) };
}

export function partnerCodeStep(definition: PartnerDefinition, t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'partnerCode',
    prompt: t('Partner code issued by {0}', definition.label),
    tidy: (value) => tidy('id', value, t),
    validate(value) {
      const message = t('Enter printable ASCII characters without leading or trailing spaces.');
      const connection = { partner: definition, baseUrl: 'https://partner.example', partnerCode: value };
      const problem = connectionProblem(connection, 'partnerCode', message);
      const other = firstOther(value, /[\x20-\x7e]/);
      if (problem === undefined || other === undefined) return problem;
      const { character, position } = other;
      return `${problem} ${t('At position {0} there is {1}.', position, characterName(character, t))}`;
    },
  };
}

export function labelStep(t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'label',
    prompt: t('Profile name'),
    tidy: (value) => tidy('label', value, t),
    validate(value) {
      const name = value.trim();
      if (labelPattern.test(name)) return undefined;
      const characters = Array.from(name);
      if (characters.length === 0 || characters.length > 80) return t('The name must be 1 to 80 characters long.');
      const index = characters.findIndex((_, end) => !labelPattern.test(characters.slice(0, end + 1).join('')));
      return t('At position {0} there is {1}.', index + 1, characterName(characters[index] ?? '', t));
    },
  };
}

/** The id of the profile's OAuth 2.0 client. Its secret is asked for when the profile signs in. */
export function clientIdStep(label: string, t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'clientId',
    prompt: t('Client ID at {0}', label),
    tidy: (value) => tidy('id', value, t),
    validate: (value) => (/^[^\p{C}]{1,1024}$/u.test(value) ? undefined : t('This is required.')),
  };
}

/** An id derived from a name, with a number if it is taken. */
export function uniqueId(label: string, existingIds: readonly string[]): string {
  const base =
    label
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll('đ', 'd')
      .replace(/[^a-z\d]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'profile';
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!existingIds.includes(id)) return id;
  }
}

function connectionProblem(connection: ConnectionOptions, setting: string, message: string): string | undefined {
  try {
    checkConnection(connection);
    return undefined;
  } catch (error) {
    return isPartnerAuthError(error) && error.setting === setting ? message : undefined;
  }
}
