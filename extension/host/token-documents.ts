import { EventEmitter, Uri, window, workspace } from 'vscode';
import type { Disposable } from '../model/app.ts';
import { documentScheme } from '../model/ids.ts';

/** Read-only documents that live as long as they are open and are never written anywhere. */
export function tokenDocuments(): Disposable & { show(name: string, text: string): Promise<void> } {
  const texts = new Map<string, string>();
  const changed = new EventEmitter<Uri>();
  const provider = workspace.registerTextDocumentContentProvider(documentScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.path) ?? '',
  });
  const closed = workspace.onDidCloseTextDocument(({ uri }) => {
    if (uri.scheme === documentScheme) texts.delete(uri.path);
  });
  return {
    async show(name, text) {
      const uri = Uri.from({ scheme: documentScheme, path: `/${name.replaceAll(/[/\\?#%]/g, ' ')}.json` });
      texts.set(uri.path, text);
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
      // One that was open takes its new text last: who sees it and goes on does not lose the focus to the editor.
      changed.fire(uri);
    },
    dispose() {
      provider.dispose();
      closed.dispose();
      changed.dispose();
      texts.clear();
    },
  };
}
