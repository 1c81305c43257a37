import { resolve } from 'node:path';
import type { CiphertextFormat, ConnectionOptions, ResponseSettings, TextFormat } from '../index.ts';
import type { Given } from './grammar/given.ts';

/** What the options of a connection state. Their values have been checked against the table of verbs. */
export interface ConnectionSettings {
  readonly baseUrl: string | undefined;
  readonly partner: string | undefined;
  readonly partnerCode: string | undefined;
  readonly keyFormat: TextFormat | undefined;
  readonly ivFrom: 'fixed' | 'prefix' | 'key' | 'zero' | undefined;
  readonly ivFormat: TextFormat | undefined;
  readonly padding: 16 | 32 | undefined;
  readonly output: CiphertextFormat | undefined;
  readonly response: ResponseSettings | undefined;
  readonly bodyForm: ConnectionOptions['bodyForm'];
  readonly caFile: string | undefined;
}

export function connectionSettings(given: Given): ConnectionSettings {
  const tokensIn = given.text('tokens-in');
  const encryptedIn = given.text('encrypted-in');
  const response = { ...(tokensIn !== undefined && { tokensIn }), ...(encryptedIn !== undefined && { encryptedIn }) };
  return {
    baseUrl: given.text('base-url'),
    partner: given.text('partner'),
    partnerCode: given.text('partner-code'),
    keyFormat: given.text('key-format') as TextFormat | undefined,
    ivFrom: given.text('iv') as ConnectionSettings['ivFrom'],
    ivFormat: given.text('iv-format') as TextFormat | undefined,
    padding: given.number('padding') as ConnectionSettings['padding'],
    output: given.text('output') as CiphertextFormat | undefined,
    response: Object.keys(response).length === 0 ? undefined : response,
    bodyForm: given.text('body-form') as ConnectionSettings['bodyForm'],
    caFile: pathOf(given, 'ca'),
  };
}

/** The path that an option states, absolute: a profile is used from other folders too. */
export function pathOf(given: Given, option: string): string | undefined {
  const path = given.text(option);
  return path === undefined || /^~[\\/]/.test(path) ? path : resolve(path);
}
