import tseslint from 'typescript-eslint';

const outside = (group, message) => ({ group, message });
const noEditor = outside(['vscode'], 'Only extension/host may touch vscode.');
const noTest = outside(['**/test/**'], 'Nothing imports test/.');
const noExtension = outside(['**/extension/**'], 'core/ never imports extension/.');
const noGot = outside(['got', 'got/**'], 'Only core/transport imports got.');
const noForge = outside(
  ['node-forge', 'node-forge/**'],
  'Only core/cipher and the certificates of core/sandbox import node-forge.',
);
const noSandbox = outside(['**/sandbox/**'], 'The sandbox has its own door; the library does not use it.');
const noCore = outside(
  ['**/core/**', '!**/core/index.ts', '!**/core/sandbox', '!**/core/sandbox/index.ts'],
  'Import core through core/index.ts or core/sandbox/index.ts.',
);

const noHost = outside(['**/host/**', '**/host'], 'model, view and commands never import host.');
const noUi = outside(['**/view/**', '**/commands/**'], 'model imports core and itself.');
const onlyPorts = outside(['**/commands/**'], 'view imports model and core.');

const imports = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export default tseslint.config(
  { ignores: ['dist/', 'out/', '.vscode-test/', 'node_modules/', 'test/consumer/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A cast to the exact type reads better than "!", which strict mode forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Ports here are plain objects of functions; none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', { max: 300, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/require-await': 'off',
      // node:test's describe and it return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['describe', 'it', 'test', 'before', 'after'] },
          ],
        },
      ],
    },
  },
  imports(
    ['core/**/*.ts'],
    [noEditor, noTest, noExtension, noGot, noForge, noSandbox],
    ['core/transport/**', 'core/cipher/**', 'core/sandbox/**', 'core/cli/**'],
  ),
  imports(['core/transport/**/*.ts'], [noEditor, noTest, noExtension, noForge, noSandbox]),
  imports(['core/cipher/**/*.ts'], [noEditor, noTest, noExtension, noGot, noSandbox]),
  imports(['core/cli/**/*.ts'], [noEditor, noTest, noExtension, noGot, noForge]),
  imports(
    ['core/sandbox/**/*.ts'],
    [
      noEditor,
      noTest,
      noExtension,
      noGot,
      outside(
        ['**/cipher/**', '**/session/**', '**/stores/**', '**/transport/**'],
        'The sandbox shares no protocol code with the client.',
      ),
    ],
  ),
  imports(['extension/**/*.ts'], [noTest, noGot, noForge, noCore]),
  imports(['extension/model/**/*.ts'], [noEditor, noTest, noGot, noForge, noCore, noHost, noUi]),
  imports(['extension/view/**/*.ts'], [noEditor, noTest, noGot, noForge, noCore, noHost, onlyPorts]),
  imports(['extension/commands/**/*.ts'], [noEditor, noTest, noGot, noForge, noCore, noHost]),
);
