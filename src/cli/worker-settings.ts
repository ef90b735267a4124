import type { Setting } from './setting.js';
import { SETTINGS, type SettingName } from './settings-table.js';

/** The commands that read settings. */
export type SettingsCommand = 'serve' | 'worker';

/** Groups about clients and their connections, which a worker does not have. */
const OF_CLIENTS: readonly string[] = ['Server', 'Access', 'Connections', 'Rooms'];

/** Settings of a worker alone. */
const OF_WORKER: ReadonlySet<SettingName> = new Set(['concurrency', 'health', 'maxStartsPerMinute']);

/** Further settings that a worker does not have: it takes the runs that were accepted elsewhere, and serves no page. */
const NOT_OF_WORKER: ReadonlySet<SettingName> = new Set([
  'run',
  'maxQueued',
  'workers',
  'delayMs',
  'metrics',
  'maxRunsPerConnection',
  'maxRunsPerOwner',
  'maxRunsPerAddress',
  'store',
  'storeKeyFile',
  'storeBackup',
  'durability',
]);

/** The settings of a command, in the order of the table. */
export function settingsOf(command: SettingsCommand): [SettingName, Setting<unknown>][] {
  const rows = Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];
  return rows.filter(([name, { group }]) => {
    if (OF_WORKER.has(name)) return command === 'worker';
    return command === 'serve' || !(OF_CLIENTS.includes(group) || NOT_OF_WORKER.has(name));
  });
}
