import type { ProfileStatus } from '../../core/profiles/index.ts';
import type { Translate } from '../model/translate.ts';
import { shortDuration } from './duration.ts';
import type { StatusView } from './status-view.ts';

/** The icon of a view, and how long the access token is valid. What it leaves out is in the tooltip and read aloud. */
export function compactView(
  view: StatusView,
  status: Partial<Pick<ProfileStatus, 'phase' | 'accessExpiresAt'>> | undefined,
  now: number,
  t: Translate,
): StatusView {
  const [icon = ''] = /^\$\([\w~-]+\)/.exec(view.text) ?? [];
  // How long the access token of a session that has ended is accepted is not known.
  const accessExpiresAt = (status?.phase === 'ended' ? undefined : status?.accessExpiresAt) ?? 0;
  return { ...view, text: accessExpiresAt > now ? `${icon} ${shortDuration(accessExpiresAt - now, t)}` : icon };
}
