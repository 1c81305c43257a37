/** Text for a notification, which makes links of `[text](address)`; a name from the settings must not become one. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200b(');
}

/** Text that shows as itself in a MarkdownString with codicons: no markup, no link, no icon comes out of it. */
export function escapeMarkdown(text: string): string {
  return text
    .slice(0, 500)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (character) => `&#${character.charCodeAt(0)};`);
}
