/** Translates an English message with placeholders `{0}`, `{1}` into the user's language, like `vscode.l10n.t`. */
export type Translate = (message: string, ...values: (string | number)[]) => string;
