import type { KeyObject } from 'node:crypto';
import { MessageKeys } from '../encryption/message-keys.js';
import { ENCRYPTION_OPTIONS, type EncryptionOptions } from '../encryption/options.js';
import { CliError } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { SettingName, Settings } from './settings-table.js';
import { WatchedFiles } from './watched-files.js';

/** The key for encrypted messages. */
export interface MessageKey {
  readonly encryption: EncryptionOptions;
  /** What clients pin. */
  readonly thumbprint: string;
  readonly file: WatchedFiles;
}

/**
 * Reads the file that the settings name. Returns `undefined` if they name none.
 * @param replace - called with the content of the file when it has changed; throws if the content is no key
 * @throws CliError if the file cannot be read or holds no key, or encryption is required without one
 */
export function readMessageKey(
  { messageKeyFile: file, requireEncryption: required }: Settings,
  keyOf: (name: SettingName) => string,
  replace: (pem: string) => void,
): MessageKey | undefined {
  const name = keyOf('messageKeyFile');
  if (file === undefined) {
    if (required) throw new CliError(`${keyOf('requireEncryption')}: must be given together with ${name}`);
    return undefined;
  }
  const content = readSettingFile(file, name);
  let key: readonly [KeyObject, ...KeyObject[]];
  try {
    key = ENCRYPTION_OPTIONS.key.rule.read(name, content.toString('utf8'));
  } catch {
    const hint = `openssl ecparam -name prime256v1 -genkey -noout -out ${file}`;
    throw new CliError(
      `${name}: "${file}" must hold a private key on the curve P-256 in PEM format. To make one: ${hint}`,
    );
  }
  return {
    encryption: { key, required },
    thumbprint: new MessageKeys(key).published.kid,
    file: new WatchedFiles({
      name: 'key for encrypted messages',
      paths: [file],
      contents: [content],
      use: ([changed = content]) => replace(changed.toString('utf8')),
    }),
  };
}
