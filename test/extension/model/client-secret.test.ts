import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError } from '../../../core/index.ts';
import { parseProfiles, type CheckedProfile } from '../../../core/profiles/profile.ts';
import { refreshTokenSteps } from '../../../extension/model/refresh-token-steps.ts';
import { restartAfter, signInProblem, signInSteps } from '../../../extension/model/sign-in-steps.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { english, fakeApp } from '../../helpers/fake-app.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';

const saved = { id: 'shop', label: 'Shop', partner: 'oauth', baseUrl: 'https://id.example', client: { id: 'shop' } };
const known = { key: undefined, iv: undefined, credentials: {}, remember: false };

function profile(): CheckedProfile {
  const [parsed] = parseProfiles([saved], { oauth: oauthPartner }).profiles;
  assert.ok(parsed);
  return parsed;
}

describe('the secret of a client', () => {
  it('is asked for once, masked, and before the credentials', () => {
    const ids = (clientSecret?: string) => {
      const steps = signInSteps(profile(), { ...known, clientSecret }, {}, english);
      return steps.map(({ id }) => id);
    };
    assert.deepEqual(ids(), ['clientSecret', 'username', 'password', 'remember']);
    assert.deepEqual(ids('S3cret'), ['username', 'password', 'remember']);
    assert.deepEqual(ids(''), ['username', 'password', 'remember']);
    const [step] = refreshTokenSteps(profile(), known, {}, english);
    assert.ok(step?.kind === 'input' && step.id === 'clientSecret' && step.secret === true);
  });

  it('is asked for again if the partner refuses the client', () => {
    const error = new PartnerAuthError('configuration', 'no', { setting: 'client', status: 401 });
    const restart = restartAfter(profile(), error);
    assert.equal(restart?.at, 'clientSecret');
    assert.equal(restart.forget({ ...known, clientSecret: 'wrong' }).clientSecret, undefined);
    assert.deepEqual(restart.keep({ clientSecret: 'wrong', username: 'ann' }, known), { username: 'ann' });
    assert.match(signInProblem(profile(), error, false, english), /did not accept the client or its secret/);
  });

  it('is kept in the secret store, not in the settings', async () => {
    const client = { id: 'shop', secret: 'S3cret-of-the-shop' };
    await using sandbox = await startSandbox({ definitions: [{ definition: oauthPartner, client }] });
    const { credentials = {} } = sandbox.profiles.oauth ?? {};
    const replies = { clientSecret: client.secret, remember: 'no', ...credentials };
    const fake = fakeApp({ profiles: [{ ...saved, baseUrl: sandbox.url }], partners: [oauthPartner], replies });
    try {
      assert.equal(await signIn(fake.app, fake.profile('shop')), true);
      const store = await fake.app.sessions.store(fake.profile('shop'));
      assert.equal((await store.secrets())?.clientSecret, client.secret);
      assert.ok(!JSON.stringify(fake.app.profiles.list()).includes(client.secret));
    } finally {
      await fake.app.sessions.close();
    }
  });
});
