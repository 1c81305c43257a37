/** A Markdown table. The first column is aligned left, the others as given. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignment: 'left' | 'right' = 'right',
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 || alignment === 'left' ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
