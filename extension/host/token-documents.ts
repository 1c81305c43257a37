import { EventEmitter, Uri, window, workspace } from 'vscode';
import type { Disposable } from '../model/app.ts';
import { documentScheme } from '../model/ids.ts';

/** Read-only documents whose content is discarded when they are closed and never written to disk. */
export function tokenDocuments(): Disposable & { show(name: string, text: string): Promise<void> } {
  const contents = new Map<string, string>();
  const changed = new EventEmitter<Uri>();
  const provider = workspace.registerTextDocumentContentProvider(documentScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => contents.get(uri.path) ?? '',
  });
  const closed = workspace.onDidCloseTextDocument(({ uri }) => {
    if (uri.scheme === documentScheme) contents.delete(uri.path);
  });
  return {
    async show(name, text) {
      const uri = Uri.from({ scheme: documentScheme, path: `/${name.replaceAll(/[/\\?#%]/g, ' ')}.json` });
      contents.set(uri.path, text);
      await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
      // Last, so that once the new content is visible the editor no longer takes the focus.
      changed.fire(uri);
    },
    dispose() {
      provider.dispose();
      closed.dispose();
      changed.dispose();
      contents.clear();
    },
  };
}
