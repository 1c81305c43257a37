import type { PartnerDefinition, TokenHeader } from './definition.ts';

const bearer: TokenHeader = { name: 'authorization', value: 'Bearer {accessToken}' };

/** The header with the access token; its name in lower case. */
export function tokenHeaderOf({ tokenHeader = bearer }: Pick<PartnerDefinition, 'tokenHeader'>): TokenHeader {
  return { ...tokenHeader, name: tokenHeader.name.toLowerCase() };
}

/**
 * Headers that neither a definition nor a call may set, in lower case: they belong to one connection (RFC 9110 section
 * 7.6.1), so that another value would break the request or redirect it to another server.
 */
export const transportHeaders: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
