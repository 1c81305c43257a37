export const clientId = 'someone-else.client';

/** The manifest of client-extension.ts. */
export const clientManifest = {
  name: 'client',
  publisher: 'someone-else',
  version: '1.0.0',
  description: 'Requests a session.',
  license: 'MIT',
  engines: { vscode: '^1.105.0' },
  main: './main.cjs',
  files: ['main.cjs', 'LICENSE'],
  activationEvents: ['onStartupFinished'],
  contributes: {
    commands: [
      { command: 'client.getSession', title: 'Get Session', category: 'Client' },
      { command: 'client.setProfiles', title: 'Set Profiles', category: 'Client' },
    ],
  },
};
