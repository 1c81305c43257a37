/** A fenced code block of a Markdown document. */
export interface CodeBlock {
  /** `Cloudreve: ts 1` is the first ts block below the heading Cloudreve. */
  readonly name: string;
  readonly kind: string;
  readonly code: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = '';
  const counts = new Map<string, number>();
  for (const match of markdown.matchAll(/^```(\S*)\n(.*?)^```$|^#+ ([^\n]*)$/gms)) {
    const [, kind = '', code = '', title] = match;
    if (title !== undefined) {
      heading = title;
      continue;
    }
    const group = `${heading}: ${kind}`;
    const number = (counts.get(group) ?? 0) + 1;
    counts.set(group, number);
    blocks.push({ name: `${group} ${number}`, kind, code });
  }
  return blocks;
}

/** The cells in the first column of the table whose first header is `header`, without backticks. */
export function firstColumn(markdown: string, header: string): string[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| ${header} +\\|`).test(line));
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) => (line.split('|')[1] ?? '').replaceAll('`', '').trim());
}
