import tseslint from 'typescript-eslint';

/** The rooms of core/, lowest first: each imports only rooms before it. */
const rooms = [
  'lib',
  'redact',
  'tokens',
  'partners',
  'cipher',
  'detect',
  'transport',
  'stores',
  'exchange',
  'session',
  'testing',
  'profiles',
  'codegen',
  'gateway',
  'broker',
  'sandbox',
  'cli',
];
/** What of core/ the front ends, the extension and the command line, may import. Public are those that package.json exports. */
const doors = [
  'core/index.ts',
  'core/sandbox/index.ts',
  'core/sandbox/program.ts',
  'core/testing/index.ts',
  'core/profiles/index.ts',
  'core/profiles/files/index.ts',
  'core/codegen/index.ts',
  'core/gateway/index.ts',
  'core/broker/index.ts',
];

const outside = (group, message) => ({ group, message });
const noEditor = outside(['vscode'], 'Only extension/host may touch vscode.');
const noTest = outside(['**/test/**'], 'Nothing imports test/.');
const noExtension = outside(['**/extension/**'], 'core/ never imports extension/.');
const noGot = outside(['got', 'got/**'], 'Only core/transport imports got.');
const noForge = outside(
  ['node-forge', 'node-forge/**'],
  'Only core/cipher and the certificates of core/sandbox import node-forge.',
);
/** All paths below `up`, except the doors. */
const allButDoors = (up) => [
  `${up}**`,
  ...new Set(
    doors.map((door) => door.replace('core/', up)).flatMap((door) => [`!${door}`, `!${door.replace(/\/[^/]+$/, '')}`]),
  ),
];
const onlyDoors = outside(allButDoors('**/core/'), `Import core through one of its doors: ${doors.join(', ')}.`);
const noHost = outside(['**/host/**', '**/host'], 'model, view and commands never import host.');
const noUi = outside(['**/view/**', '**/commands/**'], 'model imports core and itself.');
const onlyPorts = outside(['**/commands/**'], 'view imports model and core.');

const imports = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

/** The command line is a front end, although it is shipped with core. `up` leads out of its room. */
const onlyDoorsFromCli = (up) =>
  outside(allButDoors(up), `core/cli imports core through its doors: ${doors.join(', ')}.`);

/** The rooms that files of a room may not import: those after it, and the index above all. `up` leads out of the room. */
function noRoomAbove(room, up) {
  // The sandbox shares no protocol code with the client, so that a mistake there cannot cancel out.
  const below = room === 'sandbox' ? ['lib', 'partners'] : rooms.slice(0, rooms.indexOf(room));
  const above = rooms.filter((other) => other !== room && !below.includes(other));
  return outside(
    [...above.map((other) => `${up}${other}/**`), `${up}index.ts`],
    `core/${room} imports only itself and the rooms below it (${below.join(', ') || 'none'}).`,
  );
}

const roomRules = rooms.flatMap((room) => {
  const own = [
    noEditor,
    noTest,
    noExtension,
    ...(room === 'transport' ? [] : [noGot]),
    ...(room === 'cipher' || room === 'sandbox' ? [] : [noForge]),
  ];
  return [
    ...['../', '../../'].map((up, depth) =>
      imports(
        [`core/${room}/${'*/'.repeat(depth)}*.ts`],
        [...own, room === 'cli' ? onlyDoorsFromCli(up) : noRoomAbove(room, up)],
      ),
    ),
  ];
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
    ['core/examples/**/*.ts'],
    [noTest, noExtension, outside(['../**'], "core/examples imports 'partner-auth' by its name, as its users do.")],
  ),
  imports(['core/index.ts'], [noEditor, noTest, noExtension, noGot, noForge]),
  ...roomRules,
  imports(['extension/**/*.ts'], [noTest, noGot, noForge, onlyDoors]),
  imports(['extension/model/**/*.ts'], [noEditor, noTest, noGot, noForge, onlyDoors, noHost, noUi]),
  imports(['extension/view/**/*.ts'], [noEditor, noTest, noGot, noForge, onlyDoors, noHost, onlyPorts]),
  imports(['extension/commands/**/*.ts'], [noEditor, noTest, noGot, noForge, onlyDoors, noHost]),
);
