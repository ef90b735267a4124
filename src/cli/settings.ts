import { CliError } from './cli-error.js';
import type { Setting } from './setting.js';
import { SETTINGS, type SettingName, type Settings } from './settings-table.js';

/** Sources of settings. The first source with a value counts. */
export interface SettingSources {
  /** Flags by setting; `true` and `false` come from switches. */
  readonly flags: Readonly<Partial<Record<SettingName, string | boolean>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The contents of `.env`. */
  readonly dotEnv: Readonly<Record<string, string | undefined>>;
}

/** Settings, with the name by which the operator knows each. */
export interface ResolvedSettings {
  readonly settings: Settings;
  /**
   * The flag or variable that the operator used for a setting. For an absent setting its flag if others have flags,
   * otherwise its variable.
   */
  readonly keyOf: (name: SettingName) => string;
  /** Whether the operator gave a value for a setting. */
  readonly isGiven: (name: SettingName) => boolean;
  /** All variables: those of the environment, and those of `.env` that the environment lacks. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads all settings. An empty variable counts as absent, since compose files write absent variables as empty.
 * @throws CliError that names setting, rule and value
 */
export function resolveSettings(sources: SettingSources): ResolvedSettings {
  const values: Partial<Record<SettingName, unknown>> = {};
  const keys: Partial<Record<SettingName, string>> = {};
  const given = new Set<SettingName>();
  const usesFlags = Object.keys(sources.flags).length > 0;
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    const found = find(name, setting, sources);
    keys[name] = found?.key ?? (usesFlags ? setting.flag : undefined) ?? setting.env;
    if (found !== undefined) given.add(name);
    values[name] = found === undefined ? setting.default : read(setting, found);
  }
  return {
    settings: values as Settings,
    isGiven: (name) => given.has(name),
    keyOf: (name) => keys[name] ?? SETTINGS[name].env,
    environment: { ...sources.dotEnv, ...sources.environment },
  };
}

interface Found {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

function find(name: SettingName, setting: Setting<unknown>, sources: SettingSources): Found | undefined {
  const flag = sources.flags[name];
  if (flag !== undefined)
    return { key: setting.flag ?? name, value: String(flag).trim(), origin: 'from the command line' };
  const variable = sources.environment[setting.env]?.trim() ?? '';
  if (variable !== '') return { key: setting.env, value: variable, origin: 'from environment' };
  const line = sources.dotEnv[setting.env]?.trim() ?? '';
  return line === '' ? undefined : { key: setting.env, value: line, origin: 'from .env' };
}

function read(setting: Setting<unknown>, { key, value, origin }: Found): unknown {
  const parsed = value === '' ? undefined : setting.type.parse(value);
  if (parsed !== undefined) return parsed;
  const isSecret = setting.flag === undefined || setting.type.isSecret === true;
  const shown = JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  const received = isSecret ? 'other text' : shown;
  throw new CliError(`${key}: must be ${setting.type.rule}, received ${received} (${origin})`);
}
