export { defaultShell, type Shell } from '../lib/curl-command.ts';
export { curlCommand } from './curl.ts';
export type { GeneratedCall } from './curl.ts';
