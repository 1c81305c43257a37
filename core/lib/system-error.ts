/** The code of a Node system error, such as `ENOSPC`; `unknown error` for any other value. */
export function systemErrorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? code : 'unknown error';
}
