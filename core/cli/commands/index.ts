import type { RunVerb } from '../grammar/verb.ts';

/** What runs each verb of the table, loaded when it is needed. */
export const commands: Readonly<Record<string, () => Promise<{ readonly run: RunVerb }>>> = {
  'profile add': () => import('./profile-add.ts'),
  'profile edit': () => import('./profile-edit.ts'),
  'profile list': () => import('./profile-list.ts'),
  'profile show': () => import('./profile-show.ts'),
  'profile remove': () => import('./profile-remove.ts'),
  'partner add': () => import('./partner-add.ts'),
  'partner list': () => import('./partner-list.ts'),
  'partner remove': () => import('./partner-remove.ts'),
  login: () => import('./login.ts'),
  logout: () => import('./logout.ts'),
  refresh: () => import('./refresh.ts'),
  status: () => import('./status.ts'),
  doctor: () => import('./doctor.ts'),
  token: () => import('./token.ts'),
  request: () => import('./request.ts'),
  exec: () => import('./exec.ts'),
  gateway: () => import('./gateway.ts'),
  encrypt: () => import('./encrypt.ts'),
  decrypt: () => import('./decrypt.ts'),
  detect: () => import('./detect.ts'),
  sandbox: () => import('./sandbox.ts'),
  demo: () => import('./demo.ts'),
  completion: () => import('./completion.ts'),
};
