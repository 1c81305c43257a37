/** Why a string cannot be the base URL of a session; undefined if it can. */
export function baseUrlProblem(baseUrl: unknown): string | undefined {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined) return 'must be the URL of the partner, such as https://partner.example.';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return 'must have no user, password, query or fragment. Pass credentials to login().';
  }
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) return undefined;
  return 'must start with https://; http:// is for loopback addresses only.';
}
