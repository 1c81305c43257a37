import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rotate, rotationProblems } from './rotations/run.ts';
import { soak, soakProblems } from './soak/run.ts';

describe('a short run', () => {
  it('of 8 processes that are killed at random loses no session and sends no used refresh token', async () => {
    const counts = await rotate(60);
    assert.deepEqual(rotationProblems(counts), []);
    assert.ok(counts.kills > 0);
  });

  it('of ten minutes of refreshes, requests and sign-outs leaves no memory, timer or handle behind', async () => {
    const report = await soak(600);
    assert.deepEqual(soakProblems(report), []);
    assert.ok(report.refreshes > 50 && report.requests > 50 && report.signOuts === 10);
  });
});
