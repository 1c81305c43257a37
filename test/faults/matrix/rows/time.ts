import type { Row } from '../trial.ts';
import type { Fixture } from '../fixture.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Sets the session's clock while the partner's goes on. */
function setSessionClock({ clock, sandbox }: Fixture, ms: number): void {
  clock.shiftWallClock(ms);
  sandbox.advance(-ms / 1000);
}

/** Undefined when the session returns the partner's newest token. */
async function tokenProblem(fixture: Fixture): Promise<string | undefined> {
  const code = await fixture.attempt(() => fixture.session.accessToken());
  if (code !== undefined) return `reported ${code}`;
  const token = await fixture.session.accessToken();
  return token === fixture.sandbox.tokens(fixture.partner)?.accessToken ? undefined : 'an old token was returned';
}

const clockJump = (name: string, ms: number): Row => ({
  name,
  reported: 'nothing',
  variants: 4,
  async inject(fixture, variant) {
    // With a token that is new, an hour or 30 hours old, and during a refresh.
    const age = [0, hour, 30 * hour][variant];
    if (age !== undefined) {
      fixture.clock.advance(age);
      setSessionClock(fixture, ms);
    } else {
      fixture.store.interceptNext('write', () => setSessionClock(fixture, ms));
      await fixture.attempt(() => fixture.session.refresh());
    }
    const problem = await tokenProblem(fixture);
    if (problem !== undefined) return problem;
    await fixture.restart();
    return tokenProblem(fixture);
  },
});

const longLifetime = (days: number): Row => ({
  name: `token lifetimes of ${days} days`,
  reported: 'nothing; `refreshExpiresAt` is known in advance',
  sandbox: { accessLifetime: days * 86_400, refreshLifetime: days * 86_400 },
  session: { autoRefresh: true },
  async inject(fixture) {
    const { clock, session } = fixture;
    if (clock.timers !== 1) return `${clock.timers} timers`;
    clock.advance((days / 2) * day);
    if (session.status.phase !== 'valid' || fixture.refreshCount() > 0) return 'was refreshed too early';
    const left = (session.status.refreshExpiresAt ?? 0) - clock.now();
    return Math.abs(left - (days / 2) * day) < hour ? undefined : '`refreshExpiresAt` is wrong';
  },
});

export const timeRows: readonly Row[] = [
  clockJump('clock set back by a day', -day),
  clockJump('clock set forward by a day', day),
  {
    name: 'sleep of 10 h',
    reported: 'nothing',
    async inject(fixture) {
      fixture.clock.shiftWallClock(10 * hour);
      return tokenProblem(fixture);
    },
  },
  {
    name: 'sleep of 10 h during a refresh',
    reported: 'nothing',
    async inject(fixture) {
      fixture.store.interceptNext('write', () => fixture.clock.shiftWallClock(10 * hour));
      await fixture.attempt(() => fixture.session.refresh());
      return tokenProblem(fixture);
    },
  },
  longLifetime(90),
  longLifetime(400),
];
