import type { OptionError } from '../runtime/option-error.js';
import { CliError } from './cli-error.js';
import { SETTINGS, type SettingName } from './settings-table.js';
import type { ResolvedSettings } from './settings.js';

/** Renames options in an error to the flags and variables that the operator knows. */
export function inOperatorsWords(error: OptionError, { keyOf }: ResolvedSettings): CliError {
  const [name = '', ...inside] = error.option.split('.');
  if (!(name in SETTINGS)) return new CliError(error.message, { cause: error });
  const place = inside.length === 0 ? '' : `"${inside.join('.')}" `;
  const rule = error.message.replace(`Option "${error.option}" `, place).replaceAll(`"${name}.`, '"');
  return new CliError(`${keyOf(name as SettingName)}: ${rule}`, { cause: error });
}
