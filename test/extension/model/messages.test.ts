import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError, type PartnerAuthErrorCode } from '../../../core/index.ts';
import { errorCodes } from '../../../core/lib/errors.ts';
import { commands } from '../../../extension/model/ids.ts';
import { explain, type Action } from '../../../extension/model/messages.ts';
import { english } from '../../helpers/fake-app.ts';

const runs: readonly Action['run'][] = [
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
const of = (code: PartnerAuthErrorCode, setting?: string) =>
  explain(new PartnerAuthError(code, 'inner words', { setting }), 'ACME', english);

describe('an explanation', () => {
  for (const code of errorCodes) {
    it(`of ${code} is a whole sentence about the profile, with buttons that do something`, () => {
      for (const setting of settings) {
        const { message, actions, mustAct } = of(code, setting);
        assert.match(message, /^.*ACME.*\.$/s);
        assert.doesNotMatch(message, /undefined|null|""|\(\)|\(HTTP \)|\{\d\}|inner words/);
        assert.equal(typeof mustAct, 'boolean');
        assert.equal(new Set(actions.map(({ title }) => title)).size, actions.length);
        for (const { title, run } of actions) assert.ok(title !== '' && runs.includes(run), run);
        assert.ok(actions.length > 0 || code === 'aborted' || code === 'closed');
      }
    });
  }

  const first: readonly (readonly [PartnerAuthErrorCode, string | undefined, Action['run']])[] = [
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
  for (const [code, setting, run] of first) {
    it(`of ${code}${setting === undefined ? '' : ` (${setting})`} offers ${run} first`, () =>
      assert.equal(of(code, setting).actions[0]?.run, run));
  }

  const about: readonly (readonly [PartnerAuthErrorCode, string, number | undefined, boolean])[] = [
    ['configuration', 'cipher', 400, true],
    ['configuration', 'cipher.iv', 200, true],
    ['configuration', 'partnerCode', 400, false],
    // The key is missing here: there is nothing to find out yet.
    ['configuration', 'cipher.key', undefined, false],
    ['partnerRefused', 'cipher', 400, true],
    ['partnerRefused', 'partnerCode', 403, false],
    ['cipher', 'cipher', 200, true],
  ];
  for (const [code, setting, status, offered] of about) {
    it(`of ${code} (${setting}, HTTP ${status ?? '-'}) ${offered ? 'offers' : 'does not offer'} to detect cipher settings`, () => {
      const { actions, message } = explain(new PartnerAuthError(code, 'x', { setting, status }), 'ACME', english);
      assert.equal(actions[0]?.run === 'detectCipher', offered);
      if (offered && code !== 'cipher') assert.match(message, /refused the call.*Detect Cipher Settings/);
    });
  }

  it('tries the command again that failed', () => {
    const { actions } = explain(new PartnerAuthError('network', 'x'), 'ACME', english, 'copyAsCurl');
    assert.equal(actions[0]?.run, 'copyAsCurl');
  });

  it('does not call for the person where waiting helps', () => {
    const waits = errorCodes.filter((code) => !of(code).mustAct);
    assert.deepEqual(waits.toSorted(), [
      'aborted',
      'closed',
      'lock',
      'network',
      'partnerUnavailable',
      'rateLimited',
      'timeout',
    ]);
  });

  it('names the field of the profile that a wrong certificate file came from', () =>
    assert.match(of('configuration', 'ca').message, /"caFile"/));

  for (const odd of [new Error('secret words'), 'secret words', undefined, null, { code: 'network' }]) {
    it(`of ${odd instanceof Error ? 'a foreign error' : JSON.stringify(odd)} shows nothing of it`, () => {
      const { message, actions } = explain(odd, 'ACME', english);
      assert.equal(message, 'ACME: an unexpected error occurred.');
      assert.equal(actions[0]?.run, 'showLog');
    });
  }
});
