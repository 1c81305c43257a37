import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProfiles, type CheckedProfile } from '../../../core/profiles/index.ts';
import { SignInDrafts } from '../../../extension/model/sign-in-drafts.ts';

const profileAt = (baseUrl: string): CheckedProfile => {
  const [profile] = parseProfiles([{ id: 'drive', label: 'Drive', partner: 'cloudreve', baseUrl }]).profiles;
  assert.ok(profile !== undefined);
  return profile;
};
const drive = profileAt('https://drive.example');
const draft = { answers: { email: 'ann@example.com', password: 'secret' }, resend: true };
const nothing = { answers: {}, resend: false };

describe('SignInDrafts', () => {
  it('returns what was entered once', () => {
    const drafts = new SignInDrafts();
    drafts.keep(drive, draft, 0);
    assert.deepEqual(drafts.take(drive, 599_999).answers, draft.answers);
    assert.deepEqual(drafts.take(drive, 599_999), nothing);
  });

  it('forgets it after ten minutes', () => {
    const drafts = new SignInDrafts();
    drafts.keep(drive, draft, 0);
    assert.deepEqual(drafts.take(drive, 600_000), nothing);
  });

  it('does not return it for another server, to which a password must not go', () => {
    const drafts = new SignInDrafts();
    drafts.keep(drive, draft, 0);
    assert.deepEqual(drafts.take(profileAt('https://other.example'), 0), nothing);
  });

  it('forgets it on request', () => {
    const drafts = new SignInDrafts();
    drafts.keep(drive, draft, 0);
    drafts.delete('drive');
    assert.deepEqual(drafts.take(drive, 0), nothing);
  });
});
