import type { ProfileStatus } from '../../core/profiles/index.ts';
import type { Translate } from '../model/translate.ts';
import { shortDuration } from './duration.ts';
import type { StatusView } from './status-view.ts';

/** The icon of a view, and how long the access token is valid. What it leaves out is in the tooltip and read aloud. */
export function compactView(
  view: StatusView,
  status: Pick<ProfileStatus, 'accessExpiresAt'> | undefined,
  now: number,
  t: Translate,
): StatusView {
  const [icon = ''] = /^\$\([\w~-]+\)/.exec(view.text) ?? [];
  const { accessExpiresAt = 0 } = status ?? {};
  return { ...view, text: accessExpiresAt > now ? `${icon} ${shortDuration(accessExpiresAt - now, t)}` : icon };
}
