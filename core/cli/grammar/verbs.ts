import { storeModes } from '../../profiles/files/index.ts';
import { partnerNames } from './partner-names.ts';
import { partnerSettings, profileSettings } from './settings.ts';
import type { Argument, Option, Verb } from './verb.ts';

/** The id of a profile. Without it, `PARTNER_AUTH_PROFILE` or the only profile counts. */
const name: Argument = { name: 'NAME', optional: true, completes: 'profile' };
/** The same for what VS Code does too with its own profiles. */
const usableName: Argument = { ...name, completes: 'usable' };
const json: Option = { name: 'json', text: 'print JSON' };

const gatewayRules: readonly Option[] = [
  { name: 'read-only', text: 'only GET, HEAD and calls that the definition marks as safe' },
  { name: 'allow', value: 'RULE', repeats: true, text: "only these calls, such as 'GET /api/*'; can be repeated" },
];

/** Options that every verb has. */
export const commonOptions: readonly Option[] = [
  { name: 'verbose', short: 'v', text: 'write the exchanges to stderr, without secrets' },
  { name: 'help', short: 'h', text: 'print this help' },
];

export const verbs: readonly Verb[] = [
  {
    name: 'profile add',
    group: 'Profiles',
    text: 'save how to reach a partner, without secrets',
    arguments: [{ name: 'NAME', optional: true }],
    options: profileSettings,
    notes: 'In a terminal, it asks for what is missing. NAME may be omitted if the file of --from has an id.',
    examples: [
      'profile add mail --partner bizmail --base-url https://mail.example.com',
      'profile add shop --from shop.json',
    ],
  },
  {
    name: 'profile edit',
    group: 'Profiles',
    text: 'change a profile; secrets that the environment has replace the stored ones',
    arguments: [name],
    options: profileSettings,
    examples: ['profile edit shop --base-url https://partner.example.com'],
  },
  {
    name: 'profile list',
    group: 'Profiles',
    text: 'list the profiles',
    options: [json],
    examples: ['profile list'],
  },
  {
    name: 'profile show',
    group: 'Profiles',
    text: 'print a profile as JSON',
    arguments: [name],
    options: [json],
    notes: 'The output is what profile add --from and the setting partnerAuth.profiles of VS Code take.',
    examples: ['profile show shop'],
  },
  {
    name: 'profile remove',
    group: 'Profiles',
    text: 'delete a profile, its session and its secrets',
    arguments: [{ name: 'NAME', completes: 'profile' }],
    examples: ['profile remove shop'],
  },
  {
    name: 'partner add',
    group: 'Profiles',
    text: 'save the definition of a partner of your own',
    arguments: [{ name: 'FILE', completes: 'file' }],
    examples: ['partner add acme.json'],
  },
  {
    name: 'partner list',
    group: 'Profiles',
    text: 'list the partners',
    options: [json],
    examples: ['partner list'],
  },
  {
    name: 'partner remove',
    group: 'Profiles',
    text: 'delete the definition of a partner of your own',
    arguments: [{ name: 'ID', completes: 'partner' }],
    examples: ['partner remove acme'],
  },
  {
    name: 'login',
    group: 'Session',
    text: 'sign in, and keep the session',
    arguments: [name],
    options: [
      {
        name: 'store',
        value: 'KIND',
        choices: storeModes,
        text: 'encrypted with a key in the keyring or in PARTNER_AUTH_STORE_KEY, or in plain text',
      },
      { name: 'remember', text: 'store the password too' },
      { name: 'password-stdin', text: 'read the password from stdin' },
      {
        name: 'refresh-token-stdin',
        text: 'sign in with a refresh token from stdin or a prompt; where it is from may be signed out',
      },
    ],
    notes:
      'Credentials and key come from PARTNER_AUTH_* variables, from what is stored, or are asked for in a terminal.',
    examples: ['login shop', 'login shop --password-stdin < password.txt'],
  },
  {
    name: 'logout',
    group: 'Session',
    text: 'sign out, here and at the partner',
    arguments: [name],
    options: [{ name: 'all', text: 'sign out of every profile' }, json],
    examples: ['logout shop', 'logout --all'],
  },
  {
    name: 'refresh',
    group: 'Session',
    text: 'ask the partner for new tokens now, also if the session has ended',
    arguments: [usableName],
    options: [json],
    examples: ['refresh shop'],
  },
  {
    name: 'status',
    group: 'Session',
    text: 'show who is signed in, and for how long',
    arguments: [usableName],
    options: [json],
    notes: 'Without NAME, it shows all profiles. With NAME, the exit code is 0 if a token can be had, else 4.',
    examples: ['status', 'status shop --json'],
  },
  {
    name: 'doctor',
    group: 'Session',
    text: 'check the connection to the partner and the stored session; sends no secret',
    arguments: [name],
    options: [json],
    examples: ['doctor shop'],
  },
  {
    name: 'token',
    group: 'Calls',
    text: 'print a valid access token, refreshed first if it is due',
    arguments: [usableName],
    options: [
      {
        name: 'min-validity',
        value: 'SECONDS',
        range: [0, 31_536_000],
        text: 'how long the token must be valid; default 60',
      },
      {
        name: 'format',
        value: 'FORMAT',
        choices: ['token', 'header', 'json', 'exec-credential'],
        text: 'default token',
      },
    ],
    examples: ['token shop', 'token shop --format json'],
  },
  {
    name: 'request',
    group: 'Calls',
    text: 'call the partner: encrypts and decrypts, and sends the headers',
    arguments: [usableName, { name: 'METHOD', choices: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] }, { name: 'PATH' }],
    options: [
      { name: 'data', short: 'd', value: 'JSON', completes: 'file', text: 'the payload; @FILE reads a file, - stdin' },
      {
        name: 'form',
        short: 'F',
        value: 'NAME=VALUE',
        repeats: true,
        text: 'a field, or with =@FILE a file, of a multipart body',
      },
      { name: 'query', value: 'NAME=VALUE', repeats: true, text: 'a query parameter' },
      { name: 'header', value: 'NAME:VALUE', repeats: true, text: 'an additional header' },
      { name: 'timeout', value: 'SECONDS', range: [0.001, 300], text: 'total deadline; default 30' },
      { name: 'include', short: 'i', text: 'print the status and the headers before the body' },
      { name: 'out', short: 'o', value: 'FILE', completes: 'file', text: 'write the body to a file' },
    ],
    notes: 'The exit code is 0 if the call succeeded, else 1; the body is on stdout in both cases.',
    examples: [
      'request shop POST /openapi/v1/transaction/qr -d @qr.json',
      'request drive GET /api/v4/file --query uri=cloudreve://my',
    ],
  },
  {
    name: 'exec',
    group: 'Calls',
    text: 'run a command with a gateway to the partner, which ends with it',
    arguments: [usableName],
    command: 'COMMAND',
    options: [
      ...gatewayRules,
      { name: 'token-env', value: 'VAR', text: 'hand over the token itself in this variable, and no gateway' },
    ],
    notes:
      'The command finds the address of the gateway in PARTNER_AUTH_GATEWAY. Every other PARTNER_AUTH_* variable is removed from its environment. The exit code is that of the command.',
    examples: [`exec drive -- sh -c 'curl "$PARTNER_AUTH_GATEWAY/api/v4/user/me"'`],
  },
  {
    name: 'gateway',
    group: 'Calls',
    text: 'serve plain HTTP on this machine, for any tool that has no session of its own',
    arguments: [usableName],
    options: [
      { name: 'port', value: 'N', range: [0, 65_535], text: 'of 127.0.0.1; default: a free one' },
      {
        name: 'secret-file',
        value: 'FILE',
        completes: 'file',
        text: 'take the secret from this file, which is made if it is absent; default: another one for each start',
      },
      {
        name: 'unix-socket',
        value: 'PATH',
        completes: 'file',
        text: 'listen on a socket that only this user can open, in place of a port',
      },
      ...gatewayRules,
      { name: 'exit-with-parent', text: 'stop when the program that started it ends' },
    ],
    notes: 'Prints the base URL with its secret on stdout, and a line for each call on stderr.',
    examples: ['gateway shop --read-only', 'gateway shop --port 8790 --secret-file ~/.partner-auth-gateway'],
  },
  {
    name: 'encrypt',
    group: 'Calls',
    text: 'encrypt stdin, as the body that the partner takes',
    arguments: [name],
    options: [{ name: 'ciphertext', text: 'print the ciphertext alone, without its envelope' }],
    notes: 'The key is PARTNER_AUTH_KEY or the stored one. A line break at the end of stdin is left out.',
    examples: ['encrypt shop < payload.json'],
  },
  {
    name: 'decrypt',
    group: 'Calls',
    text: 'decrypt stdin, a ciphertext or its envelope, with the key of a profile',
    arguments: [name],
    examples: ['decrypt shop < response.json'],
  },
  {
    name: 'detect',
    group: 'Tools',
    text: 'find the cipher settings of the message on stdin',
    options: [
      { name: 'plaintext', value: 'FILE', completes: 'file', text: 'a file with the plaintext, or part of it' },
      json,
    ],
    notes:
      'The key comes from PARTNER_AUTH_KEY or is asked for; PARTNER_AUTH_IV is optional, and an IV that is found without it is printed.',
    examples: ['detect --plaintext login.json < captured.txt'],
  },
  {
    name: 'sandbox',
    group: 'Tools',
    text: 'run a partner server on this machine, to try things',
    options: [
      { name: 'port', value: 'N', range: [0, 65_535], text: 'default: a free one' },
      { name: 'https', text: 'with a certificate authority of its own' },
      {
        name: 'definition',
        value: 'FILE',
        completes: 'file',
        repeats: true,
        text: 'also serve the partner of this definition; can be repeated',
      },
      {
        name: 'cipher',
        value: 'JSON',
        repeats: true,
        text: 'cipher settings of the preceding definition, without key and IV',
      },
      { name: 'shell', value: 'NAME', choices: ['posix', 'powershell', 'cmd'], text: 'of the printed example' },
    ],
    examples: ['sandbox', 'sandbox --https --port 8443'],
  },
  {
    name: 'demo',
    group: 'Tools',
    text: 'tour of all partners with the sandbox, or a trial sign-in at a real one',
    options: [
      json,
      { name: 'partner', value: 'P', choices: partnerNames, text: 'one partner' },
      { name: 'base-url', value: 'URL', text: 'a real partner: signs in, refreshes once, signs out' },
      ...partnerSettings,
    ],
    notes: 'Secrets of a real partner are read from PARTNER_AUTH_* variables, or asked for in a terminal.',
    examples: ['demo', 'demo --partner bizmail --base-url https://mail.example.com'],
  },
  {
    name: 'completion',
    group: 'Tools',
    text: 'print a completion script',
    arguments: [{ name: 'SHELL', choices: ['bash', 'zsh', 'fish', 'powershell'] }],
    notes: 'Each script says in its first lines how to install it.',
    examples: ['completion bash >> ~/.bashrc'],
  },
];
