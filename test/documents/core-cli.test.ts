import assert from 'node:assert/strict';
import { startSandbox } from '../../core/sandbox/index.ts';
import { callsOf, tconnectEnv, testDocument } from '../helpers/documents.ts';

testDocument('core/cli/README.md', {
  async 'real-partner'({ shell }) {
    await using sandbox = await startSandbox();
    const { code, stdout, stderr } = await shell({ env: tconnectEnv(sandbox, 'PARTNER_AUTH_') });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^TCONNECT {2}http:.*\n {2}Sign in/m);
    assert.deepEqual(callsOf(sandbox), ['login', 'protected', 'refresh']);
  },
});
