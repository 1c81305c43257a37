import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { must, send, type Json, type Reply } from '../clients.ts';
import { formShape } from './form-shape.ts';
import { jsonShape } from './json-shape.ts';
import { saltedShape } from './salted-shape.ts';
import { credentials, type Changes, type Shape } from './shape.ts';

export const shapes = [jsonShape, formShape, saltedShape];

export type CallName = 'login' | 'refresh' | 'logout' | 'oneTimeCode';

/** An auth call of the shape, plain answer and all. */
export async function call(
  shape: Shape,
  sandbox: Sandbox,
  name: CallName,
  payload: Json,
  changes?: Changes,
): Promise<Reply & { readonly plain: Json }> {
  const { method = 'POST', path } = must(shape.definition[name]);
  const reply = await send(sandbox.url + path, { method, ...shape.seal(payload, changes) });
  return { ...reply, plain: shape.open(reply) };
}

/** What a good login of the shape sends. */
export function loginPayload({ definition }: Shape, more: Json = {}): Json {
  return { ...credentials, ...definition.login.extraFields, ...more };
}

export async function useToken(
  shape: Shape,
  sandbox: Sandbox,
  token: string,
  changes: Changes = {},
): Promise<Reply & { readonly plain: Json }> {
  const { method, path, payload } = must(shape.definition.example);
  const bearer = { authorization: `Bearer ${token}`, ...changes.headers };
  const sealed = payload === undefined ? { headers: bearer } : shape.seal(payload, { ...changes, headers: bearer });
  const reply = await send(sandbox.url + path, { method, ...sealed });
  return { ...reply, plain: shape.open(reply) };
}

/** Signs in and takes the tokens from where the definition says they are. */
export async function signIn(shape: Shape, sandbox: Sandbox): Promise<{ access: string; refresh: string }> {
  await call(shape, sandbox, 'login', loginPayload(shape));
  const tokens = must(sandbox.tokens(shape.definition.id));
  return { access: tokens.accessToken, refresh: tokens.refreshToken };
}

export function refresh(shape: Shape, sandbox: Sandbox, token: string): ReturnType<typeof call> {
  return call(shape, sandbox, 'refresh', { [shape.definition.refresh.tokenField]: token });
}
