/** Environment variables of the command line. */
export const proxyCredentialVariables: readonly string[] = [
  'PARTNER_AUTH_PROXY_USERNAME',
  'PARTNER_AUTH_PROXY_PASSWORD',
];
export const passphraseVariables: readonly string[] = ['PARTNER_AUTH_PASSPHRASE'];

/** How to enter what is kept with the secrets of a profile and not in its settings. */
export function adviceOnSecrets(them: string, variables: readonly string[]): string {
  return `sign in to enter ${them}. In VS Code, Sign In asks for ${them}; on the command line, \`partner-auth login\` does, or reads ${variables.join(' and ')}`;
}
