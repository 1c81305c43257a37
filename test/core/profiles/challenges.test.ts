import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, partners } from '../../../core/index.ts';
import { solveChallenges, type Challenge } from '../../../core/profiles/index.ts';
import { catchError, withSession, type Fixture, type FixtureOptions } from '../../helpers/with-session.ts';
import { withPartner } from '../../helpers/with-partner.ts';

interface Attempt extends Fixture {
  /** The tickets of the captchas, oldest first. */
  readonly tickets: readonly string[];
  readonly asked: Challenge[];
  /** The calls of the sign-in, by their outcome. */
  lines(): readonly string[];
  captchaText(): string;
  solve(replies: readonly (() => string | undefined)[]): Promise<void>;
}

/** Runs a test with a Cloudreve sandbox and a user who gives these replies to its challenges, in order. */
function withChallenges(sandbox: FixtureOptions['sandbox'], test: (attempt: Attempt) => Promise<void>): Promise<void> {
  return withSession({ partner: 'cloudreve', signedIn: false, ...(sandbox && { sandbox }) }, async (fixture) => {
    const tickets: string[] = [];
    const asked: Challenge[] = [];
    fixture.sandbox.fail(
      {
        rewrite: (response) => {
          tickets.push((response as { data: { ticket: string } }).data.ticket);
          return response;
        },
      },
      { call: 'captcha', times: Infinity },
    );
    await test({
      ...fixture,
      tickets,
      asked,
      lines: () => fixture.sandbox.journal.map(({ call, outcome }) => `${call} ${outcome}`),
      captchaText: () => fixture.sandbox.captchaText(tickets.at(-1) ?? '') ?? '',
      solve: (replies) => {
        const left = [...replies];
        return solveChallenges(
          (credentials) => fixture.session.login(credentials),
          partners.cloudreve,
          fixture.credentials,
          async (challenge) => {
            asked.push(challenge);
            const reply = left.shift();
            if (reply === undefined) throw challenge.error;
            return reply();
          },
        );
      },
    });
  });
}

const kinds = (asked: readonly Challenge[]): string[] =>
  asked.map(({ kind, wasRefused }) => `${kind}${wasRefused ? ' refused' : ''}`);

describe('solveChallenges with a one-time code', () => {
  it('sends the next code alone after a wrong one, as often as it takes', () =>
    withChallenges({ twoFactor: true }, async ({ sandbox, solve, lines, asked }) => {
      await solve([() => '000', () => '111', () => '222', () => sandbox.oneTimeCode()]);
      assert.deepEqual(lines(), [
        'login twoFactorRequired',
        'twoFactor badCode',
        'twoFactor badCode',
        'twoFactor badCode',
        'twoFactor ok',
      ]);
      const refused = 'oneTimeCode refused';
      assert.deepEqual(kinds(asked), ['oneTimeCode', refused, refused, refused]);
    }));

  it('asks for the captcha once although the first code was wrong', () =>
    withChallenges({ twoFactor: true, captcha: true }, async ({ sandbox, solve, lines, asked, captchaText }) => {
      await solve([captchaText, () => '000', () => sandbox.oneTimeCode()]);
      assert.deepEqual(kinds(asked), ['captcha', 'oneTimeCode', 'oneTimeCode refused']);
      assert.deepEqual(lines().slice(2), ['login twoFactorRequired', 'twoFactor badCode', 'twoFactor ok']);
    }));

  it('sends a code with the credentials if the pending login has ended meanwhile, without asking again', () =>
    withChallenges({ twoFactor: true }, async ({ sandbox, solve, lines, asked }) => {
      const late = (): string => {
        sandbox.advance(700);
        return sandbox.oneTimeCode();
      };
      await solve([late]);
      assert.deepEqual(kinds(asked), ['oneTimeCode']);
      assert.deepEqual(lines(), [
        'login twoFactorRequired',
        'twoFactor badCode',
        'login twoFactorRequired',
        'twoFactor ok',
      ]);
    }));

  it('keeps the code while a captcha of the repeated login is solved', () =>
    withChallenges({ twoFactor: true, captcha: true }, async ({ sandbox, solve, asked, captchaText }) => {
      const late = (): string => {
        sandbox.advance(700);
        return sandbox.oneTimeCode();
      };
      await solve([captchaText, late, captchaText]);
      assert.deepEqual(kinds(asked), ['captcha', 'oneTimeCode', 'captcha']);
    }));

  for (const [what, spell] of [
    ['a blank in the middle', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['a non-breaking blank', (code: string) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`],
    ['a dash', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['a line break and a zero-width blank', (code: string) => `\ufeff\u200b${code}\r\n`],
    [
      'full-width digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
  ] as const) {
    it(`accepts a code with ${what}`, () =>
      withChallenges({ twoFactor: true }, async ({ sandbox, solve, session }) => {
        await solve([() => spell(sandbox.oneTimeCode())]);
        assert.equal(session.status.phase, 'valid');
      }));
  }

  it('sends every other code with the credentials if no rule reports that a pending login has ended', async () => {
    const { captcha: _, ...withoutCaptcha } = partners.cloudreve;
    const definition = definePartner({
      ...withoutCaptcha,
      id: 'silent',
      errors: [
        { on: ['login'], code: 203, is: 'oneTimeCodeRequired' },
        { on: ['oneTimeCode'], code: 1, is: 'invalidOneTimeCode' },
      ],
    });
    const login = '/api/v4/session/token';
    await withPartner({ definition }, async ({ session, calls, reply }) => {
      reply(login, { body: { code: 203, data: 'pending', msg: '' } });
      reply(`${login}/2fa`, { body: { code: 1, msg: 'no' } });
      const replies = ['1', '2', '3', '4'];
      await catchError(
        solveChallenges(
          (credentials) => session.login(credentials),
          definition,
          { email: 'ann@example.com', password: 'secret' },
          async ({ error }) => {
            const code = replies.shift();
            if (code === undefined) throw error;
            return code;
          },
        ),
      );
      assert.deepEqual(
        calls.map((path) => (path === login ? 'login' : 'code')),
        ['login', 'code', 'code', 'login', 'code', 'code'],
      );
    });
  });
});

describe('solveChallenges with a captcha', () => {
  it('says that the last text was refused', () =>
    withChallenges({ captcha: true }, async ({ solve, asked, captchaText }) => {
      await solve([() => 'wrong', captchaText]);
      assert.deepEqual(kinds(asked), ['captcha', 'captcha refused']);
    }));

  it('requests another captcha on request, which refuses nothing', () =>
    withChallenges({ captcha: true }, async ({ solve, asked, tickets, captchaText }) => {
      await solve([() => undefined, captchaText]);
      assert.deepEqual(kinds(asked), ['captcha', 'captcha']);
      assert.equal(new Set(tickets).size, 2);
    }));

  for (const captchaKind of ['turnstile', 'recaptcha', 'cap'] as const) {
    it(`reports ${captchaKind} as a captcha that needs a browser, and requests no image`, () =>
      withChallenges({ captcha: true, captchaKind }, async ({ solve, asked, lines }) => {
        const error = (await catchError(solve([]))) as Error & { code: string; challenge?: unknown };
        assert.equal(error.code, 'captchaRequired');
        assert.equal(error.challenge, undefined);
        assert.match(
          error.message,
          /which only a web page can show.*Pass the response of its widget.*(?:ticket|captcha)/,
        );
        assert.deepEqual([asked, lines().filter((line) => line.startsWith('captcha'))], [[], []]);
      }));
  }
});
