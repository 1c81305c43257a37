import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProfiles, type CheckedProfile } from '../../../core/profiles/index.ts';
import { parseSecretRecord } from '../../../core/profiles/secret-record.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { fakeSecretStore } from '../../helpers/fake-secret-store.ts';
import { openPool } from '../../helpers/open-pool.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const client = { id: 'shop', secret: 'S3cret-of-the-shop' };
const known = { oauth: oauthPartner };
const base = { id: 'shop', label: 'Shop', partner: 'oauth', baseUrl: 'https://id.example', client: { id: 'shop' } };

function parse(fields: object): CheckedProfile {
  const { profiles, problems } = parseProfiles([{ ...base, ...fields }], known);
  const [profile] = profiles;
  assert.ok(profile, JSON.stringify(problems));
  return profile;
}

describe('the client of a profile', () => {
  for (const [title, fields, field] of [
    ['without its id', { client: {} }, 'client.id'],
    ['with its secret', { client }, 'client.secret'],
    ['that is missing', { client: undefined }, 'client'],
    ['that no call sends', { partner: 'bizmail' }, 'client'],
    ['next to an API at a public http address', { apiUrl: 'http://api.example' }, 'apiUrl'],
  ] as const) {
    it(`is refused ${title}, and the problem names ${field}`, () => {
      const value = JSON.parse(JSON.stringify({ ...base, ...fields })) as object;
      const { problems } = parseProfiles([value], {
        ...known,
        bizmail: { ...oauthPartner, client: undefined } as never,
      });
      assert.deepEqual(
        problems.map((problem) => problem.field),
        [field],
      );
      assert.ok(!JSON.stringify(problems).includes(client.secret));
    });
  }

  it('is sent with the secret of the secret store, or with the one that a sign-in has just asked for', async () => {
    await using sandbox = await startSandbox({ definitions: [{ definition: oauthPartner, client }] });
    await using folder = await temporaryFolder();
    const secrets = fakeSecretStore();
    const pool = openPool(folder.path, secrets);
    try {
      const profile = parse({ baseUrl: sandbox.url });
      const credentials = sandbox.profiles.oauth?.credentials ?? {};
      const login = () => pool.open(profile).then((session) => session.login(credentials));
      await assert.rejects(login(), { code: 'configuration', setting: 'client' });
      await pool.signIn(
        profile,
        { clientSecret: client.secret },
        (record) => ({ ...record, clientSecret: client.secret }),
        (session) => session.login(credentials),
      );
      await pool.release(profile);
      await (await pool.open(profile)).refresh();
      assert.equal(sandbox.journal.at(-1)?.outcome, 'ok');
      const store = await pool.store(profile);
      assert.equal((await store.secrets())?.clientSecret, client.secret);
      assert.ok(!JSON.stringify((await store.read()) ?? {}).includes(client.secret));

      // The session's access token belongs to the server that it was issued for.
      const moved = parse({ baseUrl: sandbox.url, apiUrl: 'https://elsewhere.example' });
      assert.equal((await pool.open(moved)).status.phase, 'signedOut');
      assert.equal((await (await pool.store(moved)).secrets())?.clientSecret, client.secret);
    } finally {
      await pool.close();
    }
  });

  it('has no secret other than a string', () => {
    const record = { version: 1, origin: 'https://id.example', clientSecret: 7 };
    assert.equal(parseSecretRecord(JSON.stringify(record)).kind, 'invalid');
  });
});
