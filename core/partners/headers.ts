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
