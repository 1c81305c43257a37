import fc from 'fast-check';
import { openSession, type PartnerSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { partnerNames } from '../../helpers/with-session.ts';
import { assertLibraryError, hostileStrings, mutatedString, mutatedValue } from './hostile.ts';

/**
 * Mutates real responses of a real server on their way to a live session, which must work again after each.
 *
 * @returns How many unhandled rejections there were.
 */
export async function fuzzLiveSession(runs: number, seed: number): Promise<number> {
  let rejections = 0;
  const count = (): void => {
    rejections++;
  };
  process.on('unhandledRejection', count);
  try {
    for (const partner of partnerNames) {
      const clock = manualClock();
      await using sandbox = await startSandbox({ clock: clock.now, rotation: 'reuseAllowed' });
      const profile = sandbox.profiles[partner];
      await using session = await openSession({ ...profile, clock });
      session.on('change', (status) => JSON.stringify(status));
      await session.login({ ...profile.credentials });
      const statusCode = fc.constantFrom(200, 200, 200, 204, 400, 401, 404, 429, 500, 502);
      await fc.assert(
        fc.asyncProperty(
          fc.infiniteStream(fc.nat()),
          statusCode,
          fc.constantFrom(...hostileStrings),
          fc.boolean(),
          async (stream, status, message, intact) => {
            sandbox.clearJournal();
            const number = stream.next().value as number;
            const kind = number % 3;
            const sample = { numRuns: 1, seed: number };
            if (kind === 0) sandbox.fail({ status: status === 204 ? 200 : status }, { call: 'refresh', times: 5 });
            else if (kind === 1) {
              const rewrite = (response: unknown): unknown => fc.sample(mutatedValue(response), sample)[0];
              sandbox.fail({ rewrite }, { call: 'refresh', times: 5 });
            } else {
              const body = JSON.stringify({ success: false, code: 40020, message, msg: message });
              const text = intact ? body : (fc.sample(mutatedString(body), sample)[0] ?? '');
              sandbox.fail({ text }, { call: 'refresh', times: 5 });
            }
            await assertOutcome(session.refresh());
            await assertOutcome(session.accessToken());
            sandbox.heal();
            await recover(session, { ...profile.credentials });
            return true;
          },
        ),
        { numRuns: Math.ceil(runs / 3), seed },
      );
    }
  } finally {
    process.off('unhandledRejection', count);
  }
  return rejections;
}

async function assertOutcome(call: Promise<unknown>): Promise<void> {
  await call.catch(assertLibraryError);
}

async function recover(session: PartnerSession, credentials: Readonly<Record<string, string>>): Promise<void> {
  try {
    await session.refresh();
  } catch (error) {
    assertLibraryError(error);
    // Some mutated responses report that the session has ended.
    await session.login(credentials);
  }
}
