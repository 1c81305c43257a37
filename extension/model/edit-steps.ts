import {
  connectionOf,
  requiresPartnerCode,
  toSavedProfile,
  type CheckedProfile,
  type NetworkSecrets,
  type Profile,
  type SecretRecord,
} from '../../core/profiles/index.ts';
import type { PickItem } from './app.ts';
import { baseUrlStep, clientIdStep, labelStep, partnerCodeStep, type Probe } from './connection-steps.ts';
import { canHave, enteredNetworkSecrets, networkSteps, type NetworkSecret } from './network-steps.ts';
import { cipherFrom, isFixedIv, ivRuleStep, ivValueStep, keyFormatStep } from './profile-steps.ts';
import { clientSecretStep, keyStep } from './sign-in-steps.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep, PickStep, Step } from './wizard.ts';

/** What can be changed of a profile, one at a time. */
export type EditableField =
  | 'label'
  | 'baseUrl'
  | 'partnerCode'
  | 'clientId'
  | 'clientSecret'
  | 'keyFormat'
  | 'key'
  | 'iv'
  | 'ivValue'
  | NetworkSecret;

type Secrets = Pick<SecretRecord, 'key' | 'iv' | 'clientSecret'> & NetworkSecrets;

/** The fields of this profile with their current values; of a secret, whether it is stored. */
export function editableFields(profile: CheckedProfile, secrets: Secrets, t: Translate): PickItem<EditableField>[] {
  const { label, baseUrl, partnerCode, client, cipher, definition } = profile;
  const stored = (secret: string | undefined): string => (secret === undefined ? t('not stored') : t('stored'));
  const items: PickItem<EditableField>[] = [
    { value: 'label', label: t('Name'), description: label },
    { value: 'baseUrl', label: t('Base URL'), description: baseUrl },
  ];
  if (partnerCode !== undefined || requiresPartnerCode(definition))
    items.push({ value: 'partnerCode', label: t('Partner code'), description: partnerCode ?? '' });
  if (client !== undefined) {
    items.push(
      { value: 'clientId', label: t('Client ID'), description: client.id },
      { value: 'clientSecret', label: t('Client secret'), description: stored(secrets.clientSecret) },
    );
  }
  if (cipher !== undefined) items.push(...cipherFields(cipher));
  if (canHave(profile, 'proxyCredentials')) {
    const { proxy } = secrets.proxyCredentials ?? {};
    items.push({
      value: 'proxyCredentials',
      label: t('User and password of the proxy'),
      description: stored(proxy === profile.proxy ? proxy : undefined),
    });
  }
  if (canHave(profile, 'clientCertificatePassphrase')) {
    items.push({
      value: 'clientCertificatePassphrase',
      label: t('Passphrase of the client certificate'),
      description: stored(secrets.clientCertificatePassphrase),
    });
  }
  return items;

  function cipherFields({ iv }: NonNullable<CheckedProfile['cipher']>): PickItem<EditableField>[] {
    const current = currentAnswers(profile);
    return [
      { value: 'keyFormat', label: t('Key format'), description: labelIn(keyFormatStep(t), current) ?? '' },
      { value: 'key', label: t('Key'), description: stored(secrets.key) },
      { value: 'iv', label: t('IV rule'), description: labelIn(ivRuleStep(t), current) ?? iv.from },
      ...(iv.from === 'fixed'
        ? [{ value: 'ivValue' as const, label: t('Fixed IV'), description: stored(secrets.iv) }]
        : []),
    ];
  }
}

/**
 * The step that changes a field, with its current value unless it is a secret. A further one asks for the key or IV if the
 * stored one does not have the new format; otherwise it is kept.
 */
export function editSteps(
  field: EditableField,
  profile: CheckedProfile,
  secrets: Secrets,
  answers: Answers,
  t: Translate,
  probe: Probe,
): readonly Step[] {
  const { definition, cipher, label, baseUrl, partnerCode, client } = profile;
  const current = currentAnswers(profile);
  const newCipher = changedCipher(profile, field, answers);
  const changed = newCipher === undefined ? profile : { ...profile, cipher: newCipher };
  switch (field) {
    case 'label':
      return [{ ...labelStep(t), value: label }];
    case 'baseUrl': {
      const { baseUrl: _, ...connection } = connectionOf(profile);
      return [{ ...baseUrlStep({ ...connection, partner: profile.source }, t, probe), value: baseUrl }];
    }
    case 'partnerCode':
      return [{ ...partnerCodeStep(definition, t), ...(partnerCode !== undefined && { value: partnerCode }) }];
    case 'clientId':
      return [{ ...clientIdStep(definition.label, t), ...(client !== undefined && { value: client.id }) }];
    case 'clientSecret':
      return [clientSecretStep(profile, t)];
    case 'key':
      return [keyStep(profile, t)];
    case 'ivValue':
      return [ivValueStep(profile, secrets.key, t)];
    case 'keyFormat':
      return [withCurrent(keyFormatStep(t), current), ...unlessFits(keyStep(changed, t), secrets.key)];
    case 'iv': {
      const steps: Step[] = [withCurrent(ivRuleStep(t), current)];
      if (!isFixedIv(answers) || cipher === undefined) return steps;
      return [...steps, ...unlessFits(ivValueStep(changed, secrets.key, t), secrets.iv)];
    }
    case 'proxyCredentials':
    case 'clientCertificatePassphrase':
      return networkSteps(profile, field, t).map((step) => withStoredUser(step, profile, secrets));
  }
}

/** The step for the user of the proxy, with the one that is stored for it. */
function withStoredUser(step: InputStep, { proxy }: CheckedProfile, { proxyCredentials }: Secrets): InputStep {
  const isStored = step.id === 'proxyUsername' && proxyCredentials?.proxy === proxy;
  return isStored ? { ...step, value: proxyCredentials?.username ?? '' } : step;
}

/** The changed profile, and the secrets that replace the stored ones. */
export function editedProfile(
  field: EditableField,
  profile: CheckedProfile,
  answers: Answers,
): { readonly profile: Profile; readonly secrets: Secrets } {
  const saved = toSavedProfile(profile);
  const { key, ivValue, label, baseUrl, partnerCode, clientId, clientSecret } = answers;
  const cipher = changedCipher(profile, field, answers);
  return {
    profile: {
      ...saved,
      ...(label !== undefined && { label }),
      ...(baseUrl !== undefined && { baseUrl }),
      ...(partnerCode !== undefined && { partnerCode }),
      ...(clientId !== undefined && { client: { id: clientId } }),
      ...(cipher !== undefined && { cipher }),
    },
    secrets: {
      ...(key !== undefined && { key }),
      ...(clientSecret !== undefined && { clientSecret }),
      // The user may have entered an IV and then gone back to select another rule.
      ...(ivValue !== undefined && (field === 'ivValue' || isFixedIv(answers)) && { iv: ivValue }),
      ...enteredNetworkSecrets(profile, answers),
    },
  };
}

function changedCipher({ cipher }: CheckedProfile, field: EditableField, answers: Answers): CheckedProfile['cipher'] {
  if (cipher === undefined) return undefined;
  if (field === 'keyFormat' && answers.keyFormat !== undefined)
    return { ...cipher, keyFormat: cipherFrom(answers).keyFormat ?? 'utf8' };
  if (field === 'iv' && answers.iv !== undefined) return { ...cipher, iv: cipherFrom(answers).iv };
  return cipher;
}

/** The answers to `keyFormatStep` and `ivRuleStep` that describe the profile. */
function currentAnswers({ cipher }: CheckedProfile): Answers {
  const { keyFormat = 'utf8', iv } = cipher ?? {};
  const rule = iv?.from === 'fixed' ? `fixed ${iv.format ?? 'utf8'}` : iv?.from;
  return { keyFormat, ...(rule !== undefined && { iv: rule }) };
}

function withCurrent(step: PickStep, current: Answers): PickStep {
  const value = current[step.id];
  return value === undefined ? step : { ...step, value };
}

function labelIn(step: PickStep, current: Answers): string | undefined {
  return step.items.find(({ value }) => value === current[step.id])?.label;
}

function unlessFits(step: InputStep, stored: string | undefined): readonly Step[] {
  return stored !== undefined && step.validate?.(stored) === undefined ? [] : [step];
}
