import type { PartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import { networkSteps } from './network-steps.ts';
import { characterName, firstOther, tidy } from './pasted.ts';
import { clientSecretStep, ivStep, keyStep, type KnownValues } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep, Step } from './wizard.ts';

/** Id of the step, and name of the field that an error about it states. */
export const refreshTokenStep = 'refreshToken';

/** In characters; `adopt()` takes no longer one. */
const longest = 16_384;

/** The steps of a sign-in with a refresh token: the key material that is not stored, the token, and what the network requires. */
export function refreshTokenSteps(
  profile: CheckedProfile,
  known: Pick<KnownValues, 'key' | 'iv' | 'clientSecret' | 'asked'>,
  answers: Answers,
  t: Translate,
): readonly Step[] {
  const { cipher, definition } = profile;
  const token: InputStep = {
    kind: 'input',
    id: refreshTokenStep,
    secret: true,
    prompt: t(
      'Refresh token of {0}. The browser or program that it is copied from may be signed out by this.',
      definition.label,
    ),
    tidy: (value) => tidy('token', value, t),
    validate: (value) => tokenProblem(value, t),
  };
  return [
    ...(cipher !== undefined && known.key === undefined ? [keyStep(profile, t)] : []),
    ...(cipher?.iv.from === 'fixed' && known.iv === undefined ? [ivStep(profile, answers.key ?? known.key, t)] : []),
    ...(profile.client !== undefined && known.clientSecret === undefined ? [clientSecretStep(profile, t)] : []),
    token,
    ...(known.asked ?? []).flatMap((secret) => networkSteps(profile, secret, t)),
  ];
}

function tokenProblem(value: string, t: Translate): string | undefined {
  if (value === '') return t('This is required.');
  if (/^(?:authorization:?)?bearer/i.test(value))
    return t('This is an Authorization header, which holds an access token. Enter the refresh token.');
  if (/^[{[]/.test(value)) return t('This is JSON. Enter only the value of its refresh token, without quotes.');
  const other = firstOther(value, /[\x21-\x7e]/);
  if (other !== undefined) {
    return `${t('A token has no such character.')} ${t('At position {0} there is {1}.', other.position, characterName(other.character, t))}`;
  }
  return value.length > longest ? t('This is longer than a token can be.') : undefined;
}

/** Whether another refresh token can fix the error. */
export function isAboutToken({ code, setting }: PartnerAuthError): boolean {
  return setting === refreshTokenStep && ['configuration', 'sessionEnded', 'refreshInterrupted'].includes(code);
}

/** The error at the prompt for another refresh token. */
export function tokenRefusal({ code }: PartnerAuthError, label: string, t: Translate): string {
  if (code === 'refreshInterrupted') {
    return t(
      'An earlier attempt with this refresh token was interrupted, and {0} no longer accepts it. Nothing was replaced. Enter a new one.',
      label,
    );
  }
  if (code === 'sessionEnded')
    return t('{0} refused this refresh token. Nothing was replaced. Enter a current one.', label);
  return t('This is not a refresh token. Enter only the token.');
}
