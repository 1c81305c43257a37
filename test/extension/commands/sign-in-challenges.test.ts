import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { cancel } from '../../helpers/fake-app.ts';
import { countLogins, withApp } from '../../helpers/with-app.ts';

describe('sign-in with a challenge', () => {
  const server = { twoFactor: true };

  it('asks for a one-time code again after a wrong one', () =>
    withApp(
      {
        partner: 'cloudreve',
        server,
        signedIn: false,
        replies: (_, sandbox) => ({ otp: ['12', () => sandbox.oneTimeCode()] }),
      },
      async ({ fake, profile, sandbox }) => {
        assert.equal(await signIn(fake.app, profile), true);
        const codes = fake.steps.filter(({ step }) => step.id === 'otp');
        assert.deepEqual(
          codes.map(({ position }) => position.problem),
          [undefined, `${profile.label} rejected the one-time code.`],
        );
        assert.equal(countLogins(sandbox.journal), 1);
      },
    ));

  for (const pasted of ['{0} {1}', ' {0}{1}\n', '{0}-{1}', '\u200b{0}\u00a0{1}']) {
    it(`accepts a one-time code that is entered as ${JSON.stringify(pasted)}`, () =>
      withApp(
        {
          partner: 'cloudreve',
          server,
          signedIn: false,
          replies: (_, sandbox) => ({
            otp: () => {
              const code = sandbox.oneTimeCode();
              return pasted.replace('{0}', code.slice(0, 3)).replace('{1}', code.slice(3));
            },
          }),
        },
        async ({ fake, profile, sandbox }) => {
          assert.equal(await signIn(fake.app, profile), true);
          assert.equal(fake.steps.filter(({ step }) => step.id === 'otp').length, 1);
          assert.equal(countLogins(sandbox.journal), 1);
        },
      ));
  }

  it('signs in with values that were pasted with blanks and invisible characters', () =>
    withApp(
      {
        signedIn: false,
        replies: ({ key, iv = '', credentials }) => ({
          key: `0x${key}\u200b`,
          iv: ` ${iv}\r\n`,
          username: `\ufeff${credentials.username ?? ''} `,
          client_id: `"${credentials.client_id ?? ''}"`,
          client_secret: `${credentials.client_secret ?? ''}\n`,
        }),
      },
      async ({ fake, profile, connection, sandbox }) => {
        assert.equal(await signIn(fake.app, profile), true);
        assert.deepEqual(sandbox.journal[0]?.payload, connection.credentials);
        assert.equal(fake.secrets.get(profile.id)?.key, connection.key);
      },
    ));

  it('succeeds after a code that was entered too late for its login', () =>
    withApp(
      {
        partner: 'cloudreve',
        server,
        signedIn: false,
        replies: (_, sandbox) => {
          const late = (): string => {
            sandbox.advance(700);
            return sandbox.oneTimeCode();
          };
          return { otp: [late, () => sandbox.oneTimeCode()] };
        },
      },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), true);
      },
    ));

  it('stores nothing when cancelled at the one-time code', () =>
    withApp(
      { partner: 'cloudreve', server, signedIn: false, replies: () => ({ otp: cancel }) },
      async ({ fake, profile }) => {
        assert.equal(await signIn(fake.app, profile), false);
        assert.equal(fake.secrets.size, 0);
        assert.deepEqual(fake.notifications, []);
      },
    ));

  it('shows a captcha, submits the trimmed text and closes the image', async () => {
    let ticket = '';
    const recordTicket = (response: unknown): unknown => {
      ticket = (response as { data: { ticket: string } }).data.ticket;
      return response;
    };
    await withApp(
      {
        partner: 'cloudreve',
        server: { captcha: true },
        signedIn: false,
        replies: (_, sandbox) => ({ captcha: () => ` ${sandbox.captchaText(ticket) ?? ''} ` }),
      },
      async ({ fake, profile, sandbox }) => {
        sandbox.fail({ rewrite: recordTicket }, { call: 'captcha', times: Infinity });
        assert.equal(await signIn(fake.app, profile), true, inspect(fake.notifications));
        assert.equal(fake.images.shown.length, 1);
        assert.match(fake.images.shown[0] ?? '', /^data:image\//);
        assert.equal(fake.images.open, 0);
      },
    );
  });

  it('says that the text of a captcha was wrong, and shows a new image on request', () => {
    const tickets: string[] = [];
    return withApp(
      {
        partner: 'cloudreve',
        server: { captcha: true },
        signedIn: false,
        replies: (_, sandbox) => ({
          captcha: ['wrong', { button: 'newImage' }, () => sandbox.captchaText(tickets.at(-1) ?? '') ?? ''],
        }),
      },
      async ({ fake, profile, sandbox }) => {
        const recordTickets = (response: unknown): unknown => {
          tickets.push((response as { data: { ticket: string } }).data.ticket);
          return response;
        };
        sandbox.fail({ rewrite: recordTickets }, { call: 'captcha', times: Infinity });
        assert.equal(await signIn(fake.app, profile), true, inspect(fake.notifications));
        assert.deepEqual(
          fake.steps.filter(({ step }) => step.id === 'captcha').map(({ position }) => position.problem),
          [undefined, 'That text was not correct. Enter the text of the new image.', undefined],
        );
        assert.equal(new Set(fake.images.shown).size, 3);
        assert.equal(fake.images.open, 0);
      },
    );
  });

  for (const captchaKind of ['turnstile', 'recaptcha', 'cap'] as const) {
    it(`says that ${captchaKind} needs a browser, and what is left to do`, () =>
      withApp(
        { partner: 'cloudreve', server: { captcha: true, captchaKind }, signedIn: false },
        async ({ fake, profile }) => {
          assert.equal(await signIn(fake.app, profile), false);
          assert.deepEqual(fake.images.shown, []);
          assert.match(
            fake.notifications[0]?.message ?? '',
            /requires a captcha that only a browser can show.*refresh token.*administrator.*library/,
          );
          assert.deepEqual(
            fake.notifications[0]?.actions.map(({ command }) => command),
            ['signInWithRefreshToken', 'showLog'],
          );
          assert.deepEqual(fake.reports, fake.notifications, 'in a dialog');
        },
      ));
  }

  it('closes the image when cancelled at the captcha', () =>
    withApp({ partner: 'cloudreve', server: { captcha: true }, signedIn: false }, async ({ fake, profile }) => {
      assert.equal(await signIn(fake.app, profile), false);
      assert.deepEqual([fake.images.shown.length, fake.images.open, fake.secrets.size], [1, 0, 0]);
    }));
});
