import type { Translate } from '../model/translate.ts';

/** Remaining time, short enough for a status item: `9h`, `45m`, `<1m`, `12d`. */
export function shortDuration(ms: number, t: Translate): string {
  const minutes = Math.floor(ms / 60_000);
  if (!(minutes >= 1)) return t('<1m');
  if (minutes < 60) return t('{0}m', minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 72 ? t('{0}h', hours) : t('{0}d', Math.floor(hours / 24));
}
