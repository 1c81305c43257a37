export { openFileProfiles, storeModes } from './file-profiles.ts';
export type {
  Environment,
  FileProfiles,
  FileProfilesPorts,
  ListedProfiles,
  Paths,
  StoredToken,
  StoreMode,
} from './file-profiles.ts';
