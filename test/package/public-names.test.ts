import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as core from '../../core/index.ts';
import * as gateway from '../../core/gateway/index.ts';
import * as sandbox from '../../core/sandbox/index.ts';
import * as testing from '../../core/testing/index.ts';

// Removing a name is a breaking change, so add names deliberately.
describe('public names', () => {
  it('of partner-auth are as listed', () => {
    assert.deepEqual(Object.keys(core).sort(), [
      'PartnerAuthError',
      'checkCipher',
      'checkConnection',
      'createCipher',
      'decodeToken',
      'definePartner',
      'detectCipher',
      'encryptedBody',
      'encryptedStore',
      'fileStore',
      'isPartnerAuthError',
      'memoryStore',
      'oauth2Partner',
      'openSession',
      'parseStoredRecord',
      'partners',
      'phaseOf',
      'systemClock',
      'withFileLock',
    ]);
  });

  it('of partner-auth/gateway are as listed', () => {
    assert.deepEqual(Object.keys(gateway).sort(), ['gatewaySecret', 'startGateway']);
  });

  it('of partner-auth/sandbox are as listed', () => {
    assert.deepEqual(Object.keys(sandbox), ['startSandbox']);
  });

  it('of partner-auth/testing are as listed', () => {
    assert.deepEqual(Object.keys(testing), ['fakeSession']);
  });
});
