import type { EditorText } from './app.ts';
import type { Translate } from './translate.ts';

/** A text that a command works on, and where it was taken from. */
export interface SourceText {
  readonly text: string;
  readonly source: 'selection' | 'clipboard' | 'document';
}

/**
 * The selection. Without one, the first of `others` that holds what the command works on; if neither does, the open document,
 * or the clipboard if there is none.
 */
export function chooseText(
  editor: EditorText | undefined,
  clipboard: string,
  others: readonly ('clipboard' | 'document')[],
  holds: (text: string) => boolean,
): SourceText {
  if (editor?.selection !== undefined) return { text: editor.selection, source: 'selection' };
  const texts = { clipboard, document: editor?.document };
  const found = others.find((source) => holds(texts[source] ?? ''));
  const source = found ?? (texts.document === undefined ? 'clipboard' : 'document');
  return { text: texts[source] ?? '', source };
}

export function decryptedFrom(source: SourceText['source'], t: Translate): string {
  switch (source) {
    case 'selection':
      return t('The selection was decrypted.');
    case 'clipboard':
      return t('The clipboard was decrypted.');
    case 'document':
      return t('The open document was decrypted.');
  }
}

export function notDecryptedFrom(source: SourceText['source'], label: string, t: Translate): string {
  switch (source) {
    case 'selection':
      return t(
        'The selection could not be decrypted with the key of {0}. Run Detect Cipher Settings to find out why.',
        label,
      );
    case 'clipboard':
      return t(
        'The clipboard could not be decrypted with the key of {0}. Run Detect Cipher Settings to find out why.',
        label,
      );
    case 'document':
      return t(
        'The open document could not be decrypted with the key of {0}. Run Detect Cipher Settings to find out why.',
        label,
      );
  }
}

export function encryptedFrom(source: SourceText['source'], t: Translate): string {
  switch (source) {
    case 'selection':
      return t('The selection was encrypted.');
    case 'clipboard':
      return t('The clipboard was encrypted.');
    case 'document':
      return t('The open document was encrypted.');
  }
}
