import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, partners, type PartnerDefinition } from '../../../core/index.ts';
import { checkServer, parentUrls, tidyBaseUrl } from '../../../extension/model/base-url.ts';
import { english } from '../../helpers/fake-app.ts';
import { plainPartner } from '../../helpers/with-partner.ts';

const { cloudreve, tconnect, bizmail } = partners;
const plain = definePartner(plainPartner);

describe('tidyBaseUrl', () => {
  const rows: readonly (readonly [PartnerDefinition, string, string])[] = [
    [cloudreve, 'https://drive.example.com', 'https://drive.example.com'],
    [cloudreve, ' https://drive.example.com ', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/', 'https://drive.example.com'],
    [cloudreve, 'HTTPS://Drive.Example.com:443', 'https://drive.example.com'],
    [cloudreve, 'drive.example.com', 'https://drive.example.com'],
    [cloudreve, '//drive.example.com/', 'https://drive.example.com'],
    [cloudreve, 'drive.example.com:8443', 'https://drive.example.com:8443'],
    [cloudreve, '127.0.0.1:5212', 'http://127.0.0.1:5212'],
    [cloudreve, 'localhost:5212/', 'http://localhost:5212'],
    [cloudreve, '[::1]:5212', 'http://[::1]:5212'],
    [cloudreve, 'localhost.example.com', 'https://localhost.example.com'],
    [cloudreve, 'https://drive.example.com/home?path=cloudreve%3A%2F%2Fmy', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/#/home?path=%2F', 'https://drive.example.com'],
    [cloudreve, 'drive.example.com/#/login', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/files/#/home', 'https://drive.example.com/files'],
    [cloudreve, 'https://drive.example.com/api/v4', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/API/v4/', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/api', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/files/api/v4/site/ping?x=1', 'https://drive.example.com/files'],
    [cloudreve, 'https://drive.example.com/index.html', 'https://drive.example.com'],
    [cloudreve, '"https://drive.example.com",', 'https://drive.example.com'],
    [cloudreve, '<https://drive.example.com>', 'https://drive.example.com'],
    [cloudreve, '\ufeffhttps://drive.example.com\u200b\r\n', 'https://drive.example.com'],
    [cloudreve, 'https://drive.example.com/files', 'https://drive.example.com/files'],
    [tconnect, 'https://pay.example/openapi/v1/auth/login', 'https://pay.example'],
    [tconnect, 'pay.example/openapi/v1', 'https://pay.example'],
    [bizmail, 'https://mail.example/relay/api/1.0/mail/send', 'https://mail.example/relay'],
    [plain, 'https://plain.example/v1/login', 'https://plain.example/v1'],
    [plain, 'https://plain.example/v1', 'https://plain.example/v1'],
  ];
  for (const [definition, raw, value] of rows) {
    it(`makes ${value} of ${JSON.stringify(raw)} for ${definition.label}, and shows the change`, () => {
      const note = raw === value ? undefined : `This address is used: ${value}`;
      assert.deepEqual(tidyBaseUrl(raw, definition, english), { value, ...(note !== undefined && { note }) });
      assert.deepEqual(tidyBaseUrl(value, definition, english), { value });
    });
  }

  for (const raw of ['', 'https://a:b@drive.example.com', 'ftp://drive.example.com', 'two words', 'https://'])
    it(`leaves ${JSON.stringify(raw)} to be refused`, () =>
      assert.deepEqual(tidyBaseUrl(raw, cloudreve, english), { value: raw }));
});

describe('checkServer', () => {
  const base = 'https://drive.example.com/home/sub';

  it('proposes the parent address that responds like the partner', async () => {
    const called: string[] = [];
    const doubt = await checkServer(
      base,
      cloudreve,
      (url) => {
        called.push(url);
        const isPartner = url === 'https://drive.example.com';
        return Promise.resolve(
          isPartner ? { kind: 'partner', url } : { kind: 'other', url: `${url}/api`, status: 404 },
        );
      },
      english,
    );
    assert.deepEqual(called, parentUrls(base));
    assert.deepEqual(doubt, {
      value: 'https://drive.example.com',
      message:
        'https://drive.example.com/home/sub/api does not respond like Cloudreve, but https://drive.example.com does. Press Enter to use it.',
    });
  });

  it('has no doubt about a server that responds like the partner', async () =>
    assert.equal(
      await checkServer(base, cloudreve, (url) => Promise.resolve({ kind: 'partner', url }), english),
      undefined,
    ));
});
