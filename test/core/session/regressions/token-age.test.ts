import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withSession } from '../../../helpers/with-session.ts';

const hour = 3_600_000;

it('a token does not look younger when its session ends after the clock was set back', () =>
  withSession({}, async ({ session, clock, sandbox }) => {
    clock.advance(9 * hour);
    clock.setWall(-2 * hour);
    sandbox.revoke('tconnect');
    await assert.rejects(session.refresh(), { code: 'sessionEnded' });
    await session.accessToken();
    clock.advance(1.5 * hour);
    await assert.rejects(session.accessToken(), { code: 'sessionEnded' }, 'it lived for 10 h and is 10.5 h old');
  }));
