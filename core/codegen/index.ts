export { curlCommand } from './curl.ts';
export type { GeneratedCall } from './curl.ts';
