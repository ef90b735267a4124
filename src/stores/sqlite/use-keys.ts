import { Encryption } from '../encryption.js';
import { EncryptedContent } from './content.js';
import type { Database } from './database.js';
import { fromSql } from './sql-text.js';

/**
 * Encrypts the content of a database from here on, and notes that what is there has to be encrypted with the first key.
 * @param keys - absent if the content is not encrypted
 * @throws if content is encrypted with a key that is not given.
 */
export function useKeys(
  database: Database,
  path: string,
  epoch: string,
  keys: readonly Uint8Array[] | undefined,
): void {
  const used = database.all('SELECT id FROM keys').map(({ id }) => fromSql(id));
  const encryption = new Encryption(keys ?? [], epoch);
  const missing = used.filter((id) => !encryption.ids.includes(id));
  if (missing.length > 0) {
    const given = keys === undefined ? 'no key is given' : `the given keys are ${encryption.ids.join(', ')}`;
    throw new Error(`The database ${path} is encrypted with the key ${missing.join(', ')}, and ${given}`);
  }
  if (keys === undefined) return;
  database.content = new EncryptedContent(encryption);
  database.transaction(() => {
    database.run('INSERT OR IGNORE INTO keys VALUES (?)', encryption.first);
    const target = database.get('SELECT key FROM rotation')?.['key'];
    const isNew = used.length !== 1 || used[0] !== encryption.first;
    if (target === encryption.first || (target === undefined && !isNew)) return;
    database.run('DELETE FROM rotation');
    database.run('INSERT INTO rotation VALUES (?, 0, 0, 0)', encryption.first);
  });
  // Overwrites the text that is replaced.
  if (database.get('SELECT 1 FROM rotation') !== undefined) database.exec('PRAGMA secure_delete = ON');
}
