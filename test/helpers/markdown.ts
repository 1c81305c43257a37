/** A fenced block of a Markdown document, such as ` ```ts cloudreve `. */
export interface CodeBlock {
  /** The word after the language, by which its test finds it; empty if it has none. */
  readonly key: string;
  readonly language: string;
  readonly code: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\S*) ?(.*)\n([^]*?)^```$/gm)].map(([, language = '', key = '', code = '']) => ({
    key,
    language,
    code,
  }));
}

/** The first column of the table with this header, without its backticks. */
export function firstColumn(markdown: string, header: string): string[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| ${header} +\\|`).test(line));
  if (start < 0) throw new Error(`There is no table whose first column is ${header}.`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? undefined : end).map((line) => (line.split('|')[1] ?? '').replaceAll('`', '').trim());
}

/** The text outside code, fenced or not. */
export function prose(markdown: string): string {
  return markdown.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors that the headings of a document have on GitHub. */
export function anchors(markdown: string): string[] {
  return [...markdown.replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
