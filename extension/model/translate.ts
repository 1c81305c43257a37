/** English text with `{0}`, `{1}` in, text in the user's language out: the shape of `vscode.l10n.t`. */
export type Translate = (message: string, ...values: (string | number)[]) => string;
