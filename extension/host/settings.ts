import { workspace, type Extension } from 'vscode';
import type { Disposable } from '../model/app.ts';
import { settings } from '../model/ids.ts';
import { checkedSetting, type SettingSchema } from '../model/settings.ts';

const section = 'partnerAuth';

interface Manifest {
  readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, SettingSchema>> } };
}

export type SettingsReader = ReturnType<typeof readSettings>;

/** The current values of the simple settings, each within the schema that the manifest of the extension states. */
export function readSettings({ packageJSON }: Pick<Extension<unknown>, 'packageJSON'>) {
  const { properties } = (packageJSON as Manifest).contributes.configuration;
  const value = (name: string): unknown => {
    const schema = properties[`${section}.${name}`];
    if (schema === undefined) throw new Error(`The manifest has no setting ${name}.`);
    return checkedSetting(workspace.getConfiguration(section).get(name), schema);
  };
  return {
    autoRefresh: () => value(settings.autoRefresh) as boolean,
    refreshMargin: () => value(settings.refreshMargin) as number,
    clearAfter: () => value(settings.clearAfter) as number,
    compact: () => value(settings.compact) as boolean,
    alignment: () => value(settings.alignment) as 'left' | 'right',
    terminal: () => value(settings.terminal) as boolean,
  };
}

/** Calls `listener` after a change of any of these settings. */
export function onDidChangeSettings(listener: () => void): Disposable {
  return workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(section)) listener();
  });
}
