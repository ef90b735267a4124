import { firstOf, type AuthHook } from '../auth/first-of.js';
import { jwtAuth } from '../auth/jwt.js';
import { tokenAuth } from '../auth/static-tokens.js';
import { OptionError } from '../runtime/option-error.js';
import { CliError } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { ResolvedSettings } from './settings.js';
import type { SettingName } from './settings-table.js';

/** The settings behind the options of the hooks. */
const SETTING_OF: Readonly<Record<string, SettingName>> = {
  jwksUrl: 'authJwks',
  secret: 'authSecretFile',
  issuer: 'authIssuer',
  audience: 'authAudience',
  file: 'authTokensFile',
};

/** The settings that require clients to authenticate. */
const HOOKS = ['authJwks', 'authSecretFile', 'authTokensFile'] as const;

/**
 * The hook that the operator chose; `undefined` for none.
 * @throws CliError if settings are missing or contradict each other, or a file cannot be read or used
 */
export function chooseAuthentication(resolved: ResolvedSettings): AuthHook | undefined {
  const { settings, keyOf } = resolved;
  const { authTokensFile: file } = settings;
  try {
    const hooks = [...jwtHooks(resolved), ...(file === undefined ? [] : [tokenAuth({ file })])];
    if (hooks.length === 0) return undefined;
    if (settings.anonymous === 'shared') {
      const used = HOOKS.filter((name) => settings[name] !== undefined).map(keyOf);
      throw new CliError(`${keyOf('anonymous')}: has no effect with ${used.join(', ')}; leave one of them out`);
    }
    return firstOf(...hooks);
  } catch (error) {
    if (!OptionError.isInstance(error)) throw error;
    const name = SETTING_OF[error.option.replace(/[.[].*/, '')];
    if (name === undefined) throw new CliError(error.message, { cause: error });
    // The position of an entry in a file is a part of the rule.
    const place = error.option.slice(/^\w+/.exec(error.option)?.[0].length);
    const rule = error.message.replace(/^Option "[^"]*" /, '');
    throw new CliError(`${keyOf(name)}:${place === '' ? '' : ` ${place}`} ${rule}`, { cause: error });
  }
}

function jwtHooks({ settings, keyOf }: ResolvedSettings): AuthHook[] {
  const { authJwks: jwksUrl, authSecretFile: secretFile, authIssuer: issuer, authAudience: audience } = settings;
  const given = (['authJwks', 'authSecretFile'] as const).filter((name) => settings[name] !== undefined);
  if (given.length === 0) {
    const lost = (['authIssuer', 'authAudience'] as const).find((name) => settings[name] !== undefined);
    if (lost === undefined) return [];
    throw new CliError(`${keyOf(lost)}: needs ${keyOf('authJwks')} or ${keyOf('authSecretFile')}`);
  }
  // Keys of one provider sign tokens for many services: without these, those of others would be accepted.
  for (const name of ['authIssuer', 'authAudience'] as const) {
    if (settings[name] === undefined)
      throw new CliError(`${keyOf(name)}: must be given with ${given.map(keyOf).join(', ')}`);
  }
  const pinned = { issuer: issuer ?? '', audience: audience ?? '' };
  return [
    ...(jwksUrl === undefined ? [] : [jwtAuth({ jwksUrl, ...pinned })]),
    ...(secretFile === undefined
      ? []
      : [jwtAuth({ secret: readSecret(secretFile, keyOf('authSecretFile')), ...pinned })]),
  ];
}

/** The content of a file without the line break that editors add. */
function readSecret(file: string, key: string): string {
  return readSettingFile(file, key)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
