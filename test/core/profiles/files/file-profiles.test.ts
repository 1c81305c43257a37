import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { problemText } from '../../../../core/profiles/files/index.ts';
import type { Profile } from '../../../../core/profiles/index.ts';
import { acmePay } from '../../../helpers/acme-pay.ts';
import { withFileProfiles } from '../../../helpers/with-file-profiles.ts';

const bizmail: Profile = { id: 'mail', label: 'Mail', partner: 'bizmail', baseUrl: 'https://mail.example' };

describe('profiles in files', () => {
  it('are the list of the setting partnerAuth.profiles, which can be pasted', () =>
    withFileProfiles(async ({ open, home, profile }) => {
      await open().add(bizmail);
      await open().add(profile);
      assert.deepEqual(JSON.parse(await readFile(join(home, 'profiles.json'), 'utf8')), [bizmail, profile]);
      await writeFile(join(home, 'profiles.json'), `\uFEFF[ /* pasted */ ${JSON.stringify(bizmail)}, ]`);
      const { profiles, problems, ids } = await open().list();
      assert.deepEqual([profiles.map(({ origin }) => origin), problems, ids], [['https://mail.example'], [], ['mail']]);
    }));

  it('are found by id, or by PARTNER_AUTH_PROFILE, or because there is only one', () =>
    withFileProfiles(async ({ open, profile }) => {
      await assert.rejects(open().select(), {
        code: 'configuration',
        setting: 'profile',
        message: /no profiles in .*profile add/,
      });
      await open().add(bizmail);
      assert.equal((await open().select()).id, 'mail');
      await open().add(profile);
      await assert.rejects(open().select(), {
        code: 'configuration',
        message: /several profiles: mail, tconnect.*PARTNER_AUTH_PROFILE/,
      });
      assert.equal((await open({ PARTNER_AUTH_PROFILE: 'mail' }).select()).id, 'mail');
      assert.equal((await open({ PARTNER_AUTH_PROFILE: 'mail' }).select('tconnect')).id, 'tconnect');
    }));

  it('that do not exist are an error that names the known ones', () =>
    withFileProfiles(async ({ open }) => {
      await open().add(bizmail);
      const files = open();
      for (const call of [
        () => files.find('mial'),
        () => files.update('mial', { ...bizmail, id: 'mial' }),
        () => files.remove('mial'),
      ])
        await assert.rejects(call(), {
          code: 'configuration',
          setting: 'profile',
          message: /no profile "mial" in .*profiles\.json\. Known: mail\./,
        });
    }));

  it('with one id are an error that names both', () =>
    withFileProfiles(async ({ open, home }) => {
      const list = JSON.stringify([bizmail, { ...bizmail, id: 'x' }, { ...bizmail, label: 'Other mail' }]);
      await writeFile(join(home, 'profiles.json'), list);
      const files = open();
      for (const call of [() => files.find('mail'), () => files.update('mail', bizmail), () => files.remove('mail')])
        await assert.rejects(call(), {
          code: 'configuration',
          message:
            /Two profiles in .*profiles\.json have the id "mail": "Mail" \(number 1\) and "Other mail" \(number 3\)/,
        });
      assert.equal((await open().find('x')).id, 'x');
      const { problems } = await open().list();
      assert.deepEqual(
        problems.map(({ field, message }) => [field, message]),
        [['id', 'is used by another profile']],
      );
      assert.equal(await readFile(join(home, 'profiles.json'), 'utf8'), list);
    }));

  it('that are not valid are reported with file and field, and carried through', () =>
    withFileProfiles(async ({ open, home }) => {
      const newer = { ...bizmail, id: 'newer', later: { than: 'this' } };
      await writeFile(join(home, 'profiles.json'), JSON.stringify([newer]));
      await open().add(bizmail);
      const files = open();
      await assert.rejects(files.find('newer'), {
        code: 'configuration',
        setting: 'later',
        message: `The profile newer in ${files.paths.profiles} cannot be used: its field "later" is not a known field.`,
      });
      const { problems, profiles } = await files.list();
      assert.deepEqual(
        profiles.map(({ id }) => id),
        ['mail'],
      );
      assert.deepEqual(
        problems.map((problem) => problemText(problem, files.paths)),
        [`The profile Mail in ${files.paths.profiles} cannot be used: its field "later" is not a known field.`],
      );
      assert.deepEqual((JSON.parse(await readFile(join(home, 'profiles.json'), 'utf8')) as unknown[])[0], newer);
      await files.remove('newer');
      assert.deepEqual((await files.list()).ids, ['mail']);
    }));

  it('are checked before they are written', () =>
    withFileProfiles(async ({ open, home }) => {
      const files = open();
      await assert.rejects(files.add({ ...bizmail, baseUrl: 'ftp://x' }), {
        code: 'configuration',
        setting: 'baseUrl',
        message: /^The profile mail cannot be used: its field "baseUrl" must be an https address/,
      });
      await assert.rejects(files.add({ ...bizmail, id: 'a/b' }), { code: 'configuration', setting: 'id' });
      await assert.rejects(readFile(join(home, 'profiles.json')), { code: 'ENOENT' });
      await files.add(bizmail);
      await assert.rejects(files.add(bizmail), {
        code: 'configuration',
        setting: 'id',
        message: /"mail" in .* already/,
      });
      await assert.rejects(files.update('mail', { ...bizmail, id: 'other' }), { code: 'configuration', setting: 'id' });
      await assert.rejects(files.update('mail', { ...bizmail, partner: 'nobody' }), {
        code: 'configuration',
        setting: 'partner',
      });
      await files.update('mail', { ...bizmail, label: 'New' });
      assert.equal((await files.find('mail')).label, 'New');
    }));

  it('are set aside with the file if that is damaged', () =>
    withFileProfiles(async ({ open, home }) => {
      await writeFile(join(home, 'profiles.json'), '[{');
      await assert.rejects(open().list(), {
        code: 'store',
        setting: 'profiles',
        message: /profiles\.json is damaged.*set aside as/,
      });
      assert.deepEqual((await open().list()).ids, []);
    }));
});

describe('partners in a file', () => {
  it('are the list of the setting partnerAuth.partners', () =>
    withFileProfiles(async ({ open, home }) => {
      const files = open();
      const definition = JSON.parse(JSON.stringify(acmePay)) as typeof acmePay;
      assert.equal((await files.addPartner(definition)).id, acmePay.id);
      assert.deepEqual(JSON.parse(await readFile(join(home, 'partners.json'), 'utf8')), [definition]);
      assert.ok(Object.hasOwn((await files.list()).partners, acmePay.id));
      await assert.rejects(files.addPartner(definition), { code: 'configuration', setting: 'partner.id' });
      await assert.rejects(files.addPartner({ ...definition, id: 'bizmail' }), {
        code: 'configuration',
        setting: 'partner.id',
      });
      await assert.rejects(files.addPartner({ id: 'x' }), { code: 'configuration' });
      await files.removePartner(acmePay.id);
      assert.equal(Object.hasOwn((await files.list()).partners, acmePay.id), false);
    }));

  it('are not removed while a profile uses them, and never if they are built in', () =>
    withFileProfiles(async ({ open }) => {
      const files = open();
      const profile: Profile = {
        id: 'pay',
        label: 'Pay',
        partner: acmePay.id,
        baseUrl: 'https://pay.example',
        partnerCode: 'P',
        cipher: { iv: { from: 'prefix' } },
      };
      await assert.rejects(files.add(profile), { setting: 'partner' });
      const added = await files.add(profile, acmePay);
      assert.equal(added.definition.id, acmePay.id);
      await assert.rejects(files.removePartner(acmePay.id), { code: 'configuration', message: /is used by pay/ });
      await assert.rejects(files.removePartner('bizmail'), { code: 'configuration', message: /built in/ });
      await assert.rejects(files.removePartner('nobody'), {
        code: 'configuration',
        message: /no partner "nobody" in .*partners\.json/,
      });
      await files.add({ ...profile, id: 'pay2' }, acmePay);
      await assert.rejects(files.add({ ...profile, id: 'pay3' }, { ...acmePay, label: 'Another' }), {
        code: 'configuration',
        message: /another partner "acme-?pay"/i,
      });
      assert.deepEqual((await files.list()).ids, ['pay', 'pay2']);
    }));
});
