/** The environment variable of a secret or setting: `PARTNER_AUTH_CLIENT_SECRET` for `client_secret`. */
export function environmentVariable(name: string): string {
  return `PARTNER_AUTH_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The value of a variable that is set and not empty. */
export function fromEnvironment(variable: string): string | undefined {
  const value = process.env[variable];
  return value === '' ? undefined : value;
}
