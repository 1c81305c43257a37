import type { PartnerAuthError } from '../../core/index.ts';
import type { CheckedProfile, NetworkSecrets } from '../../core/profiles/index.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep } from './wizard.ts';

/** A secret of the network that a profile may need. */
export type NetworkSecret = 'proxyCredentials' | 'clientCertificatePassphrase';

type NetworkProfile = Pick<CheckedProfile, 'label' | 'proxy' | 'clientCertificate'>;

/** Which secret is missing or was refused; undefined if the error is not about one that this profile can have. */
export function refusedSecret(
  { proxy, clientCertificate }: NetworkProfile,
  { code, setting }: PartnerAuthError,
): NetworkSecret | undefined {
  if (code !== 'configuration') return undefined;
  if (setting === 'proxy' && typeof proxy === 'string') return 'proxyCredentials';
  return setting === 'clientCertificate.passphrase' && clientCertificate !== undefined
    ? 'clientCertificatePassphrase'
    : undefined;
}

/** Whether a profile can have a secret at all. */
export function canHave({ proxy, clientCertificate }: NetworkProfile, secret: NetworkSecret): boolean {
  return secret === 'proxyCredentials' ? typeof proxy === 'string' : clientCertificate !== undefined;
}

/** The prompts for a secret, in order. */
export function networkSteps(
  { proxy, clientCertificate }: NetworkProfile,
  secret: NetworkSecret,
  t: Translate,
): readonly InputStep[] {
  if (secret === 'clientCertificatePassphrase') {
    const { keyFile, pfxFile = keyFile } = clientCertificate ?? {};
    return [
      {
        kind: 'input',
        id: 'passphrase',
        secret: true,
        prompt: t('Passphrase of the client certificate ({0})', pfxFile ?? ''),
        validate: (value) => (value === '' ? t('This is required.') : undefined),
      },
    ];
  }
  const host = typeof proxy === 'string' ? new URL(proxy).host : '';
  return [
    {
      kind: 'input',
      id: 'proxyUsername',
      prompt: t('User for the proxy {0}', host),
      validate: (value) =>
        value === '' ? t('This is required.') : value.includes(':') ? t('A user cannot have a colon.') : undefined,
    },
    {
      kind: 'input',
      id: 'proxyPassword',
      secret: true,
      prompt: t('Password for the proxy {0}', host),
      placeholder: t('Leave it empty if there is none'),
    },
  ];
}

/** The secrets that were entered. */
export function enteredNetworkSecrets(
  { proxy }: Pick<CheckedProfile, 'proxy'>,
  { proxyUsername, proxyPassword, passphrase }: Answers,
): NetworkSecrets {
  return {
    ...(typeof proxy === 'string' &&
      proxyUsername !== undefined && {
        proxyCredentials: { proxy, username: proxyUsername, password: proxyPassword ?? '' },
      }),
    ...(passphrase !== undefined && { clientCertificatePassphrase: passphrase }),
  };
}

/** The problem at the prompt for a secret. */
export function networkProblem(
  secret: NetworkSecret,
  wasEntered: boolean,
  { label }: Pick<CheckedProfile, 'label'>,
  t: Translate,
): string {
  if (secret === 'clientCertificatePassphrase') {
    return wasEntered
      ? t('The client certificate of {0} cannot be decrypted with this passphrase.', label)
      : t('The client certificate of {0} is encrypted. Its passphrase is kept in secret storage.', label);
  }
  return wasEntered
    ? t('The proxy of {0} refused this user and password.', label)
    : t(
        'The proxy of {0} requires another user and password than are stored, if any. They are kept in secret storage.',
        label,
      );
}
