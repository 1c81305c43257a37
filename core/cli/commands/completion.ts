import type { RunVerb } from '../grammar/verb.ts';
import { scripts, type Shell } from '../grammar/completion-scripts.ts';
import { writeResult } from '../terminal/output.ts';

export const run: RunVerb = async (given) => {
  await writeResult(scripts[given.required('SHELL') as Shell]);
  return undefined;
};
