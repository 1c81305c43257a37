import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import type { Sandbox, SandboxOptions } from '../../../../core/sandbox/index.ts';
import type { Json, Reply } from '../clients.ts';

/** One form of "Acme Pay", a partner that nobody has, with a client written by hand over the OpenSSL command line. */
export interface Shape {
  readonly definition: PartnerDefinition;
  /** A sandbox that plays it. */
  start(options?: SandboxOptions): Promise<Sandbox>;
  /** A payload as it travels; `changes` spoil it. */
  seal(payload: Json, changes?: Changes): RequestInit;
  /** The plain answer. */
  open(reply: Reply): Json;
}

export interface Changes {
  /** In place of the ciphertext. */
  readonly ciphertext?: string;
  /** Fields of the envelope, or undefined to leave one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const credentials = { merchant_email: 'ban-hang@example.com', api_secret: 'bí mật số 1' };
export const partnerCode = 'ACME-7';
export const asCredentials: PartnerDefinition['credentials'] = [
  { name: 'merchant_email', label: 'Merchant e-mail', account: true },
  { name: 'api_secret', label: 'API secret', secret: true },
];
