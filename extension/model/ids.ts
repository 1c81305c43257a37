/** Names shared by the manifest, the code and users' keybindings. A test checks them against package.json. */
export const extensionId = 'partner-auth';

export const commands = {
  addProfile: 'partnerAuth.addProfile',
  editProfile: 'partnerAuth.editProfile',
  signIn: 'partnerAuth.signIn',
  signInOtherAccount: 'partnerAuth.signInOtherAccount',
  signInWithRefreshToken: 'partnerAuth.signInWithRefreshToken',
  signOut: 'partnerAuth.signOut',
  signOutAll: 'partnerAuth.signOutAll',
  removeProfile: 'partnerAuth.removeProfile',
  forgetEverything: 'partnerAuth.forgetEverything',
  refresh: 'partnerAuth.refresh',
  copyAccessToken: 'partnerAuth.copyAccessToken',
  copyAuthorizationHeader: 'partnerAuth.copyAuthorizationHeader',
  copyAsCurl: 'partnerAuth.copyAsCurl',
  inspectToken: 'partnerAuth.inspectToken',
  detectCipher: 'partnerAuth.detectCipher',
  encryptPayload: 'partnerAuth.encryptPayload',
  decryptPayload: 'partnerAuth.decryptPayload',
  explainLastExchange: 'partnerAuth.explainLastExchange',
  switchProfile: 'partnerAuth.switchProfile',
  startSandbox: 'partnerAuth.startSandbox',
  stopSandbox: 'partnerAuth.stopSandbox',
  showLog: 'partnerAuth.showLog',
  reportIssue: 'partnerAuth.reportIssue',
} as const;

export type CommandName = keyof typeof commands;

export const settings = {
  profiles: 'profiles',
  partners: 'partners',
  autoRefresh: 'autoRefresh',
  refreshMargin: 'refreshMargin',
  clearAfter: 'clipboard.clearAfter',
  profile: 'profile',
  compact: 'statusBar.compact',
  alignment: 'statusBar.alignment',
  terminal: 'terminal.enabled',
} as const;

export const contextKeys = {
  hasProfile: 'partnerAuth.hasProfile',
  signedIn: 'partnerAuth.signedIn',
  anySignedIn: 'partnerAuth.anySignedIn',
  sandboxRunning: 'partnerAuth.sandboxRunning',
} as const;

/** The secret that shows whether the keyring works. */
export const keyringCanary = 'keyring-canary';
/** Scheme of the read-only documents that show a token's claims. */
export const documentScheme = 'partner-auth';
export const authenticationProvider = 'partner-auth';
