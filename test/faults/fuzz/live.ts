import fc from 'fast-check';
import { openSession, type PartnerSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { partnerNames } from '../../helpers/with-session.ts';
import { expectOurs, hostileTexts, mutated, scratched } from './hostile.ts';

/** Real answers of a real server, changed on their way to a live session; after each, the session must still work. */
export async function fuzzLive(
  runs: number,
  seed: number,
): Promise<{ readonly runs: number; readonly rejections: number }> {
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
      const status = fc.constantFrom(200, 200, 200, 204, 400, 401, 404, 429, 500, 502);
      await fc.assert(
        fc.asyncProperty(
          fc.infiniteStream(fc.nat()),
          status,
          fc.constantFrom(...hostileTexts),
          fc.boolean(),
          async (stream, code, text, whole) => {
            sandbox.clearJournal();
            const number = stream.next().value as number;
            const kind = number % 3;
            if (kind === 0) sandbox.fail({ status: code === 204 ? 200 : code }, { call: 'refresh', times: 4 });
            else if (kind === 1) {
              const rewrite = (answer: unknown): unknown => fc.sample(mutated(answer), { numRuns: 1, seed: number })[0];
              sandbox.fail({ rewrite }, { call: 'refresh', times: 4 });
            } else {
              const body = JSON.stringify({ success: false, code: 40020, message: text, msg: text });
              sandbox.fail(
                { text: whole ? body : (fc.sample(scratched(body), { numRuns: 1, seed: number })[0] ?? '') },
                { call: 'refresh', times: 4 },
              );
            }
            await check(session.refresh());
            await check(session.accessToken());
            sandbox.heal();
            await goOn(session, { ...profile.credentials });
            return true;
          },
        ),
        { numRuns: Math.ceil(runs / 3), seed },
      );
    }
  } finally {
    process.off('unhandledRejection', count);
  }
  return { runs, rejections };
}

async function check(call: Promise<unknown>): Promise<void> {
  await call.catch(expectOurs);
}

async function goOn(session: PartnerSession, credentials: Readonly<Record<string, string>>): Promise<void> {
  try {
    await session.refresh();
  } catch (error) {
    expectOurs(error);
    // Some answers say that the session is over.
    await session.login(credentials);
  }
}
