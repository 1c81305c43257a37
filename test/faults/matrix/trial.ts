import type { PartnerAuthErrorCode } from '../../../core/index.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { withScene, type Scene, type SceneOptions } from './scene.ts';

export interface Row extends SceneOptions {
  readonly name: string;
  /** How many different trials there are; each gets its number. Default 1, which is repeated in the long form. */
  readonly variants?: number;
  /** It touches what all trials share, so that no other may be played meanwhile. */
  readonly alone?: boolean;
  /** What happens. Returns what must not have happened, if it has. */
  provoke(scene: Scene, variant: number): Promise<string | undefined>;
  /** Where the protocol can not save the session: the codes with which this is told. */
  readonly unsavable?: readonly PartnerAuthErrorCode[] | undefined;
  /** The partners at which it can not; the others give a used refresh token another chance. */
  readonly unsavableAt?: readonly SandboxPartner[] | undefined;
  /** What the user is told meanwhile or in the end. */
  readonly told: string;
}

export interface Outcome {
  readonly lost: boolean;
  /** Lost although the protocol permits to save it, or not told as promised. */
  readonly wrong?: string | undefined;
  /** Where secrets were seen. */
  readonly leaks: readonly string[];
  readonly searched: number;
}

export const rotating: readonly SandboxPartner[] = ['tconnect', 'bizmail'];

/** Opens a session, lets the row happen to it, mends all, and looks whether the session still works without a login. */
export function trial(row: Row, partner: SandboxPartner, variant: number): Promise<Outcome> {
  return withScene(partner, row, async (scene) => {
    const wrong = await row.provoke(scene, variant);
    const code = await afterwards(scene);
    const { places } = scene;
    const mayBeLost = row.unsavable !== undefined && (row.unsavableAt ?? rotating).includes(partner);
    const told = code !== undefined && (row.unsavable as readonly string[] | undefined)?.includes(code) === true;
    const problem = code === undefined || (mayBeLost && told) ? undefined : `lost with ${code}`;
    const again = code === undefined ? undefined : await goesOnAfterLogin(scene);
    return { lost: code !== undefined, wrong: wrong ?? problem ?? again, leaks: places.seen(), searched: places.count };
  });
}

/** Undefined when the session works: in this process, and in one that is started after it. Else why it does not. */
async function afterwards(scene: Scene): Promise<string | undefined> {
  const { sandbox, clock, store, line } = scene;
  sandbox.heal();
  store.failWrites(undefined);
  await line.set('open');
  const here = await works(scene, () => scene.session.refresh());
  if (here !== undefined) return here;
  clock.advance(2 * 86_400_000);
  const expired = await works(scene, () => scene.session.accessToken());
  if (expired !== undefined) return expired;
  await scene.restart();
  return works(scene, () => scene.session.refresh());
}

async function works(scene: Scene, call: () => Promise<unknown>): Promise<string | undefined> {
  const { session, sandbox, partner } = scene;
  let code: string | undefined;
  // A busy machine may not answer within the short deadline of these trials.
  for (let attempt = 0; attempt < 4; attempt++) {
    code = await scene.attempt(call);
    if (code !== 'timeout' && code !== 'network' && code !== 'lock') break;
  }
  scene.places.add('status', session.status);
  if (code !== undefined) return code;
  return (await session.accessToken()) === sandbox.tokens(partner)?.accessToken ? undefined : 'not the newest token';
}

async function goesOnAfterLogin(scene: Scene): Promise<string | undefined> {
  await scene.restart();
  const code = await scene.attempt(() => scene.session.login(scene.credentials));
  return code ?? (await works(scene, () => scene.session.refresh()));
}
