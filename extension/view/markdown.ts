/** Breaks `[text](address)`, which a notification would render as a link: a name from the settings must not become one. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', ']\u200b(');
}

/** Escapes text for a MarkdownString with codicons, so that it renders no markup, link or icon. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .slice(0, 500)
      .toWellFormed()
      // Joiners hold an emoji, or a word of a script such as Persian, together.
      .replace(/[\p{Z}[\p{C}--[\u200c\u200d\u{e0020}-\u{e007f}]]]+/gv, ' ')
      .replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}
