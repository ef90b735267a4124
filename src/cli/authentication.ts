import { firstOf, type AuthHook } from '../auth/first-of.js';
import { tokenAuth, type StaticToken } from '../auth/static-tokens.js';
import { OptionError } from '../runtime/option-error.js';
import { textOf } from '../runtime/text-of.js';
import { CliError } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { ResolvedSettings } from './settings.js';
import type { SettingName } from './settings-table.js';
import { WatchedFiles } from './watched-files.js';

/** The settings behind the options of the hooks. */
const SETTING_OF: Readonly<Record<string, SettingName>> = {
  jwksUrl: 'authJwks',
  secret: 'authSecretFile',
  issuer: 'authIssuer',
  audience: 'authAudience',
  tokens: 'authTokensFile',
};

/** The settings that require clients to authenticate. */
const HOOKS = ['authJwks', 'authSecretFile', 'authTokensFile'] as const;

/** How clients of the command authenticate. */
export interface Authentication {
  readonly authenticate: AuthHook;
  /** The files of secrets and tokens, which are read again when they change. */
  readonly files: readonly WatchedFiles[];
}

/** A hook, and the file that it was made of. */
interface Source {
  readonly hook: AuthHook;
  readonly file?: WatchedFiles;
}

/**
 * How clients authenticate, as the operator chose; `undefined` if they do not.
 * @param onWithdrawn - called for each principal that a new file of tokens no longer has
 * @throws CliError if settings are missing or contradict each other, or a file cannot be read or used
 */
export async function chooseAuthentication(
  resolved: ResolvedSettings,
  onWithdrawn: (principalId: string) => void,
): Promise<Authentication | undefined> {
  const { settings, keyOf } = resolved;
  try {
    const sources = [...(await jwtSources(resolved)), ...tokenSources(resolved, onWithdrawn)];
    if (sources.length === 0) return undefined;
    if (settings.anonymous === 'shared') {
      const used = HOOKS.filter((name) => settings[name] !== undefined).map(keyOf);
      throw new CliError(`${keyOf('anonymous')}: has no effect with ${used.join(', ')}; leave one of them out`);
    }
    return {
      authenticate: firstOf(...sources.map(({ hook }) => hook)),
      files: sources.flatMap(({ file }) => file ?? []),
    };
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

async function jwtSources({ settings, keyOf }: ResolvedSettings): Promise<Source[]> {
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
  // Loaded here, since most services need no cryptography of tokens.
  const { jwtAuth } = await import('../auth/jwt.js');
  const pinned = { issuer: issuer ?? '', audience: audience ?? '' };
  const sources: Source[] = jwksUrl === undefined ? [] : [{ hook: jwtAuth({ jwksUrl, ...pinned }) }];
  if (secretFile !== undefined) {
    const content = readSettingFile(secretFile, keyOf('authSecretFile'));
    const make = (secret: Buffer): AuthHook => jwtAuth({ secret: withoutLineBreak(secret), ...pinned });
    sources.push(fromFile('secret of JSON Web Tokens', secretFile, content, make));
  }
  return sources;
}

function tokenSources({ settings, keyOf }: ResolvedSettings, onWithdrawn: (principalId: string) => void): Source[] {
  const { authTokensFile: path } = settings;
  if (path === undefined) return [];
  let known: ReadonlySet<string> | undefined;
  const make = (content: Buffer): AuthHook => {
    const tokens = tokensIn(content);
    // Who removes the last token lets nobody in; at the start, an empty file is a mistake.
    const isMistake = known === undefined && tokens.length === 0;
    if (isMistake) throw new OptionError('tokens', 'Option "tokens" must hold a token');
    const hook = tokens.length === 0 ? () => null : tokenAuth({ tokens });
    const ids = new Set(tokens.map(({ id }) => id));
    const withdrawn = [...(known ?? [])].filter((id) => !ids.has(id));
    known = ids;
    for (const id of withdrawn) onWithdrawn(id);
    return hook;
  };
  return [fromFile('file of tokens', path, readSettingFile(path, keyOf('authTokensFile')), make)];
}

/** @throws OptionError if the content is no list; `tokenAuth` checks the entries */
function tokensIn(content: Buffer): readonly StaticToken[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(content));
  } catch {
    // The message of a syntax error quotes the file.
  }
  if (Array.isArray(parsed)) return parsed as StaticToken[];
  throw new OptionError('tokens', 'Option "tokens" must be a list of tokens in JSON');
}

/** A hook that is made again whenever its file changes. */
function fromFile(name: string, path: string, content: Buffer, make: (content: Buffer) => AuthHook): Source {
  let hook = make(content);
  const file = new WatchedFiles({
    name,
    paths: [path],
    contents: [content],
    use: ([changed = content]) => (hook = make(changed)),
  });
  return { hook: (request) => hook(request), file };
}

/** The content of a file without the line break that editors add. */
function withoutLineBreak(content: Buffer): string {
  return textOf(content).replace(/\r?\n$/, '');
}
