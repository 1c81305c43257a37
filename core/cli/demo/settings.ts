import type { BuiltInPartner } from '../../index.ts';
import { connectionSettings, type ConnectionSettings } from '../connection-settings.ts';
import type { Given } from '../grammar/given.ts';
import { partnerSettings } from '../grammar/settings.ts';
import { UsageError } from '../usage-error.ts';

/** Without a base URL: the tour of the sandbox. */
export type Settings = ConnectionSettings & { readonly partner: BuiltInPartner | undefined };

/** @throws UsageError for a setting of a real partner without its address. */
export function demoSettings(given: Given): Settings {
  const option = partnerSettings.find(({ name }) => given.has(name));
  if (option !== undefined && !given.has('base-url'))
    throw new UsageError(`--${option.name} requires --base-url, the address of a real partner.`);
  return connectionSettings(given) as Settings;
}
