/** Text that shows as itself in a MarkdownString with codicons: no markup, no link, no icon comes out of it. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (character) => `&#${character.charCodeAt(0)};`)
    .slice(0, 2000);
}
