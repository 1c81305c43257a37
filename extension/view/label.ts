const longest = 20;

/**
 * A profile's name for the status bar. Shortened between characters as a person sees them, because a long one would push
 * other items out; the tooltip shows it in full.
 */
export function shortLabel(label: string): string {
  const characters = [...new Intl.Segmenter().segment(label)].map(({ segment }) => segment);
  const short = characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : label;
  return isolated(short.replaceAll('$(', '$\u200b('));
}

/**
 * Isolates a name with right-to-left characters from what follows. Otherwise a number after it, such as the remaining time,
 * would be shown before it.
 */
export function isolated(label: string): string {
  return rightToLeft.test(label) ? `\u2068${label}\u2069` : label;
}

/** The blocks of the right-to-left scripts: Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and others. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
