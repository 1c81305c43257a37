/** The code of a Node system error (`ENOSPC`), or a harmless word for anything else. */
export function systemErrorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? code : 'unknown error';
}
