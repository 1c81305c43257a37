export { openFileProfiles } from './file-profiles.ts';
export type { FileProfiles, FileProfilesPorts } from './file-profiles.ts';
export type { Environment } from './paths.ts';
export { problemText } from './problem-text.ts';
export { storeModes } from './store-keys.ts';
export type { Keyring, StoreMode } from './store-keys.ts';
export { storedToken } from './stored-token.ts';
export type { StoredToken } from './stored-token.ts';
