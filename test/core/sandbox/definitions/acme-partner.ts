import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import type { Sandbox, SandboxOptions } from '../../../../core/sandbox/index.ts';
import type { Json, Reply } from '../clients.ts';

/** An invented partner, with a client that uses the OpenSSL command line. */
export interface AcmePartner {
  readonly definition: PartnerDefinition;
  /** Starts a sandbox that serves the definition. */
  start(options?: SandboxOptions): Promise<Sandbox>;
  /** Builds the request of a payload, with `changes` that make it invalid. */
  encode(payload: Json, changes?: Changes): RequestInit;
  /** Decrypts a response if it is encrypted. */
  decode(reply: Reply): Json;
}

export interface Changes {
  /** Replaces the ciphertext. */
  readonly ciphertext?: string;
  /** Replaces fields of the envelope. Undefined omits the field. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const credentials = { merchant_email: 'ban-hang@example.com', api_secret: 'bí mật số 1' };
export const partnerCode = 'ACME-7';
export const credentialFields: PartnerDefinition['credentials'] = [
  { name: 'merchant_email', label: 'Merchant e-mail', account: true },
  { name: 'api_secret', label: 'API secret', secret: true },
];
