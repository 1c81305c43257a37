import type { ResponseHead } from '../transport/http.ts';

/** Whether a response of this content type may be JSON. Servers also send JSON without a content type. */
export function mayBeJson(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === '' || isJson(type);
}

/** Whether a 2xx response may be a file: its content type is not that of a partner's own response or of a web page. */
export function mayBeFile({ headers }: Pick<ResponseHead, 'headers'>): boolean {
  const type = mediaType(headers['content-type']);
  return type !== '' && !isJson(type) && type !== 'text/html' && type !== 'application/xhtml+xml';
}

/** Also `text/json` and `application/problem+json`. */
function isJson(type: string): boolean {
  return /[/+-]json$/.test(type);
}

/** In lower case, without parameters. */
function mediaType(contentType = ''): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
