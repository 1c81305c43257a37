import { isPartnerAuthError } from '../../core/index.ts';
import type { App } from '../model/app.ts';
import { explain } from '../model/messages.ts';
import type { CheckedProfile } from '../model/profile.ts';

/** The profile a command is about: the one it was given, else the active one, else one that the user adds now. */
export function chosenProfile({ profiles }: App, id: unknown): CheckedProfile | undefined {
  const named = typeof id === 'string' ? profiles.list().find((profile) => profile.id === id) : undefined;
  return named ?? profiles.active();
}

/** Runs a command's work and tells the user what went wrong, in words of their own language. */
export async function explained(app: App, profile: CheckedProfile, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isPartnerAuthError(error) && (error.code === 'aborted' || error.code === 'closed')) return;
    app.log.error(`${profile.label}: ${describe(error)}`);
    await app.ui.explain(explain(error, profile.label, app.t), 'error');
  }
}

/** Of an error that nobody foresaw only its name and where it came from: its message may quote anything. */
function describe(error: unknown): string {
  if (isPartnerAuthError(error)) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'unexpected error';
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return [error.name, ...frames].join('\n');
}
