import type { Row } from '../trial.ts';
import type { Scene } from '../scene.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Our clock is set; the partner's goes on as before. */
function setOurs({ clock, sandbox }: Scene, ms: number): void {
  clock.shiftWallClock(ms);
  sandbox.advance(-ms / 1000);
}

/** Every token that is handed out must be good at the partner at that moment. */
async function good(scene: Scene): Promise<string | undefined> {
  const code = await scene.attempt(() => scene.session.accessToken());
  if (code !== undefined) return `told ${code}`;
  const token = await scene.session.accessToken();
  return token === scene.sandbox.tokens(scene.partner)?.accessToken ? undefined : 'an old token was handed out';
}

const jump = (name: string, ms: number): Row => ({
  name,
  told: 'nothing',
  variants: 4,
  async provoke(scene, variant) {
    // Before, with and after half of a token's life, and in the middle of a refresh.
    const age = [0, hour, 30 * hour][variant];
    if (age !== undefined) {
      scene.clock.advance(age);
      setOurs(scene, ms);
    } else {
      scene.store.interceptNext('write', () => setOurs(scene, ms));
      await scene.attempt(() => scene.session.refresh());
    }
    const here = await good(scene);
    if (here !== undefined) return here;
    await scene.restart();
    return good(scene);
  },
});

const deadline = (days: number): Row => ({
  name: `deadlines of ${days} days`,
  told: 'nothing before; `refreshExpiresAt` says it ahead',
  sandbox: { accessLifetime: days * 86_400, refreshLifetime: days * 86_400 },
  session: { autoRefresh: true },
  async provoke(scene) {
    const { clock, session } = scene;
    if (clock.timers !== 1) return `${clock.timers} timers`;
    clock.advance((days / 2) * day);
    if (session.status.phase !== 'valid' || scene.refreshes() > 0) return 'was refreshed long before its time';
    const left = (session.status.refreshExpiresAt ?? 0) - clock.now();
    return Math.abs(left - (days / 2) * day) < hour ? undefined : 'the deadline is not known';
  },
});

export const timeRows: readonly Row[] = [
  jump('clock set back by a day', -day),
  jump('clock set forward by a day', day),
  {
    name: 'sleep of 10 h',
    told: 'nothing',
    async provoke(scene) {
      scene.clock.shiftWallClock(10 * hour);
      return good(scene);
    },
  },
  {
    name: 'sleep of 10 h in the middle of a refresh',
    told: 'nothing',
    async provoke(scene) {
      scene.store.interceptNext('write', () => scene.clock.shiftWallClock(10 * hour));
      await scene.attempt(() => scene.session.refresh());
      return good(scene);
    },
  },
  deadline(90),
  deadline(400),
];
