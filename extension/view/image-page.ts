import type { TextImage } from '../model/app.ts';

/**
 * The page of an image that the user has to read, without scripts. `nonce` is a new random value. The prompts of VS Code are
 * at the top of the window, so the image stays below them, however small the window is.
 */
export function imagePage({ title, alt, hint, dataUri }: TextImage, nonce: string): string {
  const source = /^data:image\/[\w+.-]+;base64,[\w+/=]+$/.test(dataUri) ? dataUri : '';
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'nonce-${nonce}'">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">
  body { box-sizing: border-box; min-height: 100vh; margin: 0; padding: 170px 16px 16px; }
  figure { display: grid; place-content: center; justify-items: center; gap: 16px; min-height: calc(100vh - 186px); margin: 0; }
  img { zoom: 2; max-width: calc((100vw - 32px) / 2); max-height: calc((100vh - 230px) / 2); min-height: 24px; background: #fff; image-rendering: pixelated; object-fit: contain; }
  figcaption { color: var(--vscode-foreground); font-family: var(--vscode-font-family); text-align: center; }
</style>
</head>
<body><figure><img alt="${escapeHtml(alt)}" src="${source}"><figcaption>${escapeHtml(hint)}</figcaption></figure></body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
