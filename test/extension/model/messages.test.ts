import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSession, PartnerAuthError, type PartnerAuthErrorCode } from '../../../core/index.ts';
import { errorCodes } from '../../../core/lib/errors.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { commands } from '../../../extension/model/ids.ts';
import { refusedSecret } from '../../../extension/model/network-steps.ts';
import { explainError, type Action } from '../../../extension/model/messages.ts';
import { english } from '../../helpers/fake-app.ts';

const knownCommands: readonly Action['command'][] = [
  ...(Object.keys(commands) as (keyof typeof commands)[]),
  'openSettings',
  'openExtension',
  'reloadWindow',
  'storageHelp',
];
const settings = [
  undefined,
  'cipher',
  'cipher.key',
  'partnerCode',
  'baseUrl',
  'caFile',
  'ca',
  'credentials',
  'window',
  'store.version',
];
const explain = (code: PartnerAuthErrorCode, setting?: string) =>
  explainError(new PartnerAuthError(code, 'internal details', { setting }), 'ACME', english);

describe('explainError', () => {
  for (const code of errorCodes) {
    it(`returns a sentence about the profile and known actions for ${code}`, () => {
      for (const setting of settings) {
        const { message, actions, requiresUser: mustAct } = explain(code, setting);
        assert.match(message, /^.*ACME.*\.$/s);
        assert.doesNotMatch(message, /undefined|null|""|\(\)|\(HTTP \)|\{\d\}|internal details/);
        assert.equal(typeof mustAct, 'boolean');
        assert.equal(new Set(actions.map(({ title }) => title)).size, actions.length);
        for (const { title, command } of actions)
          assert.ok(title !== '' && typeof command === 'string' && knownCommands.includes(command), title);
        assert.ok(actions.length > 0 || code === 'aborted' || code === 'closed');
      }
    });
  }

  it('offers to try again, and requires nothing of the user, if a response was not in the form of the partner', () => {
    const error = new PartnerAuthError('invalidResponse', 'internal details', { retryable: true });
    const { message, actions, requiresUser } = explainError(error, 'ACME', english);
    assert.match(message, /does not seem to come from ACME.*captive portal/);
    assert.deepEqual([requiresUser, actions[0]?.command], [false, 'refresh']);
  });

  const statuses: readonly (readonly [number, true | undefined, RegExp])[] = [
    [502, true, /^A proxy or gateway between this machine and ACME reported HTTP 502, not the partner itself/],
    [504, true, /^A proxy or gateway between this machine and ACME reported HTTP 504, not the partner itself/],
    [511, true, /^A proxy or gateway between this machine and ACME reported HTTP 511, not the partner itself/],
    [500, true, /^ACME, or a proxy or gateway before it, reported HTTP 500/],
    [503, true, /^ACME, or a proxy or gateway before it, reported HTTP 503/],
    [502, undefined, /^ACME reported a server error/],
  ];
  for (const [status, foreign, expected] of statuses) {
    it(`says whose trouble HTTP ${status} is ${foreign ? 'in another form than' : 'in the form of'} the partner`, () => {
      const error = new PartnerAuthError('partnerUnavailable', 'x', { status, foreign });
      const { message, requiresUser } = explainError(error, 'ACME', english);
      assert.match(message, expected);
      assert.match(message, /Your session is kept\.$/);
      assert.equal(requiresUser, false);
    });
  }

  it('names the settings of VS Code if their proxy requires a user and password, and asks for none itself', () => {
    const error = new PartnerAuthError('configuration', 'x', { setting: 'proxy.host' });
    const { message, requiresUser } = explainError(error, 'ACME', english);
    assert.match(message, /^ACME: the proxy of VS Code requires a user and password.*http\.proxy/);
    assert.equal(requiresUser, true);
    assert.equal(refusedSecret({ label: 'ACME', proxy: 'http://proxy.example:3128' }, error), undefined);
  });

  it('says that the partner is not at a base URL that it has not accepted, not that the setting is invalid', async () => {
    await using sandbox = await startSandbox();
    const { credentials, ...profile } = sandbox.profiles.cloudreve;
    await using session = await openSession({ ...profile, baseUrl: `${sandbox.url}/api/v4` });
    const error = await session.login(credentials).catch((caught: unknown) => caught);
    const { message, actions } = explainError(error, 'Drive', english, 'signIn');
    assert.match(message, /^Drive: there is no such partner at this base URL.*log/);
    assert.equal(actions[0]?.command, 'editProfile');
    const invalid = new PartnerAuthError('configuration', 'x', { setting: 'baseUrl' });
    assert.match(explainError(invalid, 'Drive', english).message, /"baseUrl" is missing or not valid/);
  });

  it('says that a proxy that requires a sign-in is not the partner', () => {
    const error = new PartnerAuthError('invalidResponse', 'x', { status: 407, retryable: true, foreign: true });
    assert.match(explainError(error, 'ACME', english).message, /not seem to come from ACME.*proxy/);
  });

  const first: readonly (readonly [PartnerAuthErrorCode, string | undefined, string])[] = [
    ['invalidCredentials', undefined, 'signIn'],
    ['sessionEnded', undefined, 'signIn'],
    ['refreshInterrupted', undefined, 'signIn'],
    ['signedOut', undefined, 'signIn'],
    ['configuration', 'cipher.key', 'signIn'],
    ['configuration', 'username', 'signIn'],
    ['configuration', 'credentials', 'signIn'],
    ['configuration', 'caFile', 'openSettings'],
    ['configuration', 'baseUrl', 'openSettings'],
    ['tls', undefined, 'openSettings'],
    ['network', undefined, 'refresh'],
    ['timeout', undefined, 'refresh'],
    ['lock', undefined, 'refresh'],
    ['store', 'window', 'reloadWindow'],
    ['store', 'store.version', 'openExtension'],
    ['store', undefined, 'storageHelp'],
    ['accountUnavailable', undefined, 'showLog'],
  ];
  for (const [code, setting, command] of first) {
    it(`offers ${command} first for ${code}${setting === undefined ? '' : ` (${setting})`}`, () =>
      assert.equal(explain(code, setting).actions[0]?.command, command));
  }

  const cipherErrors: readonly (readonly [PartnerAuthErrorCode, string, number | undefined, boolean])[] = [
    ['configuration', 'cipher', 400, true],
    ['configuration', 'cipher.iv', 200, true],
    ['configuration', 'partnerCode', 400, false],
    // Without a key there is nothing to detect.
    ['configuration', 'cipher.key', undefined, false],
    ['partnerRefused', 'cipher', 400, true],
    ['partnerRefused', 'partnerCode', 403, false],
    ['cipher', 'cipher', 200, true],
  ];
  for (const [code, setting, status, offered] of cipherErrors) {
    it(`${offered ? 'offers' : 'does not offer'} cipher detection for ${code} (${setting}, HTTP ${status ?? '-'})`, () => {
      const { actions, message } = explainError(new PartnerAuthError(code, 'x', { setting, status }), 'ACME', english);
      assert.equal(actions[0]?.command === 'detectCipher', offered);
      if (offered && code !== 'cipher') assert.match(message, /rejected the request.*Detect Cipher Settings/);
    });
  }

  for (const code of ['sessionEnded', 'refreshInterrupted'] as const) {
    it(`offers to refresh and to sign in for ${code} while the partner may be asked again`, () => {
      for (const refused of ['once', 'again'] as const) {
        const { message, actions } = explainError(new PartnerAuthError(code, 'x'), 'ACME', english, 'refresh', refused);
        assert.match(message, /refused/);
        assert.deepEqual(actions.map(({ command }) => command).toSorted(), ['refresh', 'signIn']);
      }
    });
  }

  it('retries the command that failed', () => {
    const { actions } = explainError(new PartnerAuthError('network', 'x'), 'ACME', english, 'copyAsCurl');
    assert.equal(actions[0]?.command, 'copyAsCurl');
  });

  it('does not require the user when waiting helps', () => {
    const waiting = errorCodes.filter((code) => !explain(code).requiresUser);
    assert.deepEqual(waiting.toSorted(), [
      'aborted',
      'closed',
      'lock',
      'network',
      'partnerUnavailable',
      'rateLimited',
      'timeout',
    ]);
  });

  it('names the profile field of an invalid certificate file', () =>
    assert.match(explain('configuration', 'ca').message, /"caFile"/));

  for (const thrown of [new Error('secret words'), 'secret words', undefined, null, { code: 'network' }]) {
    it(`shows no details of ${thrown instanceof Error ? 'a foreign error' : JSON.stringify(thrown)}`, () => {
      const { message, actions } = explainError(thrown, 'ACME', english);
      assert.equal(message, 'ACME: an unexpected error occurred.');
      assert.equal(actions[0]?.command, 'showLog');
    });
  }
});
