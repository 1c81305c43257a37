import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { defects } from '../../helpers/defective-stores.ts';
import { runProgram } from '../../helpers/run-program.ts';

describe('the conformance suite finds', () => {
  const failed = new Map<string, string[]>();

  before(async () => {
    const file = fileURLToPath(new URL('../../helpers/defective-stores.ts', import.meta.url));
    const { stdout } = await runProgram(process.execPath, ['--test-reporter=tap', file, 'run']);
    let defect = '';
    for (const line of stdout.split('\n')) {
      defect = /^# Subtest: (.+)$/.exec(line)?.[1] ?? defect;
      const test = /^ {8}not ok \d+ - (.+)$/.exec(line)?.[1];
      if (test !== undefined) failed.set(defect, [...(failed.get(defect) ?? []), test]);
    }
  });

  for (const [defect, { foundBy }] of Object.entries(defects))
    it(defect, () => assert.ok(failed.get(defect)?.some((test) => test.startsWith(foundBy))));
});
