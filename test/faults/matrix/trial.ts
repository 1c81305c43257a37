import type { PartnerAuthErrorCode } from '../../../core/index.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { withFixture, type Fixture, type FixtureOptions } from './fixture.ts';

export interface Row extends FixtureOptions {
  readonly name: string;
  /** Number of different trials; default 1. */
  readonly variants?: number;
  /** Why Windows cannot run it. */
  readonly posixOnly?: string;
  /** Whether a trial changes state that all trials share, so that no other may run at the same time. */
  readonly exclusive?: boolean;
  /** Injects the fault. Resolves to a description of what went wrong, or undefined. */
  inject(fixture: Fixture, variant: number): Promise<string | undefined>;
  /** The codes with which a session may end, where the protocol cannot save it. */
  readonly unrecoverable?: readonly PartnerAuthErrorCode[] | undefined;
  /** What the caller gets, in Markdown. */
  readonly reported: string;
}

export interface Outcome {
  /** Whether the session needed a new login. */
  readonly lost: boolean;
  /** What went wrong, such as a session that was lost although the protocol permits to save it. */
  readonly problem?: string | undefined;
  /** Sources of the outputs that contained a secret. */
  readonly leaks: readonly string[];
  readonly outputsScanned: number;
}

/** The partners at which a refresh token works only once. */
const rotatingPartners: readonly SandboxPartner[] = ['tconnect', 'bizmail'];

/** Opens a session, injects the fault, removes it, and checks whether the session still works without a login. */
export function runTrial(row: Row, partner: SandboxPartner, variant: number): Promise<Outcome> {
  return withFixture(partner, row, async (fixture) => {
    const { scanner } = fixture;
    const faultProblem = await row.inject(fixture, variant);
    const code = await codeAfterFault(fixture);
    const lost = code !== undefined;
    const mayBeLost =
      rotatingPartners.includes(partner) &&
      (row.unrecoverable as readonly unknown[] | undefined)?.includes(code) === true;
    const lossProblem = lost && !mayBeLost ? `lost with ${code}` : undefined;
    const loginProblem = lost ? await codeAfterLogin(fixture) : undefined;
    return {
      lost,
      problem: faultProblem ?? lossProblem ?? loginProblem,
      leaks: scanner.findLeaks(),
      outputsScanned: scanner.outputCount,
    };
  });
}

/** Undefined when the session works in this process and in one that is started after it; else the error code. */
async function codeAfterFault(fixture: Fixture): Promise<string | undefined> {
  const { sandbox, clock, store, proxy } = fixture;
  sandbox.heal();
  store.failWrites(undefined);
  await proxy.setState('open');
  const refreshCode = await codeOf(fixture, () => fixture.session.refresh());
  if (refreshCode !== undefined) return refreshCode;
  clock.advance(2 * 86_400_000);
  const expiredCode = await codeOf(fixture, () => fixture.session.accessToken());
  if (expiredCode !== undefined) return expiredCode;
  await fixture.restart();
  return codeOf(fixture, () => fixture.session.refresh());
}

/** Undefined when the call succeeds and the session then has the partner's newest token. */
async function codeOf(fixture: Fixture, call: () => Promise<unknown>): Promise<string | undefined> {
  const { session, sandbox, partner } = fixture;
  let code: string | undefined;
  // A busy machine may miss the short deadline of these trials.
  for (let attempt = 0; attempt < 4; attempt++) {
    code = await fixture.attempt(call);
    if (code !== 'timeout' && code !== 'network' && code !== 'lock') break;
  }
  fixture.scanner.addOutput('status', session.status);
  if (code !== undefined) return code;
  return (await session.accessToken()) === sandbox.tokens(partner)?.accessToken ? undefined : 'not the newest token';
}

async function codeAfterLogin(fixture: Fixture): Promise<string | undefined> {
  await fixture.restart();
  const code = await fixture.attempt(() => fixture.session.login(fixture.credentials));
  return code ?? (await codeOf(fixture, () => fixture.session.refresh()));
}
