import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as core from '../../core/index.ts';
import * as sandbox from '../../core/sandbox/index.ts';

// A name added here is a promise; a name removed is a new major version.
describe('public names', () => {
  it('of partner-auth', () => {
    assert.deepEqual(Object.keys(core).sort(), [
      'PartnerAuthError',
      'PartnerSession',
      'checkCipher',
      'checkConnection',
      'createCipher',
      'decodeToken',
      'definePartner',
      'detectCipher',
      'encryptedBody',
      'fileStore',
      'isPartnerAuthError',
      'memoryStore',
      'openSession',
      'parseStoredRecord',
      'partners',
      'phaseOf',
      'withFileLock',
    ]);
  });

  it('of partner-auth/sandbox', () => {
    assert.deepEqual(Object.keys(sandbox), ['startSandbox']);
  });
});
