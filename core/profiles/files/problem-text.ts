import { plainLine } from '../../lib/plain-line.ts';
import type { ProfileProblem } from '../problems.ts';
import type { Paths } from './paths.ts';

/** A problem with an entry of the files, as a sentence. */
export function problemText(problem: ProfileProblem, paths: Pick<Paths, 'profiles' | 'partners'>): string {
  const { of, name, field, message, values } = problem;
  const file = of === 'profile' ? paths.profiles : paths.partners;
  const reason = message.replace(/\{(\d)\}/g, (_, index: string) => plainLine(values[Number(index)] ?? ''));
  if (name === '') return `The file ${file} ${reason}.`;
  const subject = field === '' ? 'it' : `its field "${plainLine(field, 80)}"`;
  return `The ${of} ${plainLine(name, 80)} in ${file} cannot be used: ${subject} ${reason}.`;
}
