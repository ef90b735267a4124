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

/** Rows that say something else of a worker: it is always one of a cluster. */
const AS_WORKER: Partial<Record<SettingName, Partial<Setting<unknown>>>> = {
  drainMs: {
    help: 'How long the runs that the worker executes may go on when it is stopped. It takes no more from the line then.',
    shownDefault: '600',
  },
};

/** The settings of a command, in the order of the table. */
export function settingsOf(command: SettingsCommand): [SettingName, Setting<unknown>][] {
  const rows = Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];
  const own = rows.filter(([name, { group }]) => {
    if (OF_WORKER.has(name)) return command === 'worker';
    return command === 'serve' || !(OF_CLIENTS.includes(group) || NOT_OF_WORKER.has(name));
  });
  return command === 'serve' ? own : own.map(([name, row]) => [name, { ...row, ...AS_WORKER[name] }]);
}
