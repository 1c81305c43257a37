import { authCallOf, refreshCallOf } from '../../../../core/partners/renewal.ts';
import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { assertDefined, send, type Json, type Reply } from '../clients.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';
import { acmeSalted } from './acme-salted.ts';
import { credentials, type AcmePartner, type Changes } from './acme-partner.ts';

export const acmePartners = [acmeJson, acmeForms, acmeSalted];

export type CallName = 'login' | 'refresh' | 'logout' | 'oneTimeCode';

/** Makes an auth call. `plain` is the decrypted response. */
export async function call(
  partner: AcmePartner,
  sandbox: Sandbox,
  name: CallName,
  payload: Json,
  changes?: Changes,
): Promise<Reply & { readonly plain: Json }> {
  const { method = 'POST', path } = assertDefined(authCallOf(partner.definition, name));
  const reply = await send(sandbox.url + path, { method, ...partner.encode(payload, changes) });
  return { ...reply, plain: partner.decode(reply) };
}

/** Returns the payload of a valid login. */
export function loginPayload({ definition }: AcmePartner, more: Json = {}): Json {
  return { ...credentials, ...definition.login.extraFields, ...more };
}

export async function callProtected(
  partner: AcmePartner,
  sandbox: Sandbox,
  token: string,
  changes: Changes = {},
): Promise<Reply & { readonly plain: Json }> {
  const { method, path, payload } = assertDefined(partner.definition.example);
  const bearerHeaders = { authorization: `Bearer ${token}`, ...changes.headers };
  const request =
    payload === undefined
      ? { headers: bearerHeaders }
      : partner.encode(payload, { ...changes, headers: bearerHeaders });
  const reply = await send(sandbox.url + path, { method, ...request });
  return { ...reply, plain: partner.decode(reply) };
}

/** Signs in and returns the issued tokens. */
export async function signIn(partner: AcmePartner, sandbox: Sandbox): Promise<{ access: string; refresh: string }> {
  await call(partner, sandbox, 'login', loginPayload(partner));
  const tokens = assertDefined(sandbox.tokens(partner.definition.id));
  return { access: tokens.accessToken, refresh: tokens.refreshToken };
}

export function refresh(partner: AcmePartner, sandbox: Sandbox, token: string): ReturnType<typeof call> {
  return call(partner, sandbox, 'refresh', { [refreshCallOf(partner.definition)?.tokenField ?? '']: token });
}
