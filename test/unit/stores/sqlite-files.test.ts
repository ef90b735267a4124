import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { OptionError } from '../../../src/index.js';
import { createSqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite.js';
import { loadDriver } from '../../../src/stores/sqlite/driver.js';
import { fromSql, toSql } from '../../../src/stores/sqlite/sql-text.js';
import { chunk, createRun, metaOf, openStore, openWatchedStore, temporaryDatabase } from '../../helpers/sqlite.js';

/** Changes a database from outside. */
async function change(path: string, sql: string): Promise<void> {
  const { DatabaseSync } = await loadDriver();
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}

it('names the directory that is not there', async () => {
  const path = `${temporaryDatabase()}/missing/store.db`;
  await expect(createSqliteStore({ path })).rejects.toThrow(
    `The database ${path} cannot be opened: its directory does not exist`,
  );
});

it('names a directory', async () => {
  const path = dirname(temporaryDatabase());
  await expect(createSqliteStore({ path })).rejects.toThrow(`The database ${path} cannot be opened: it is a directory`);
});

it('names a file that is no database, and leaves it alone', async () => {
  const path = temporaryDatabase();
  writeFileSync(path, 'A letter to a friend. '.repeat(1_000));
  const before = readFileSync(path);
  await expect(createSqliteStore({ path })).rejects.toThrow(
    `The database ${path} cannot be opened: it is not a SQLite database`,
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('takes an empty file', async () => {
  const path = temporaryDatabase();
  writeFileSync(path, '');
  await openStore({ path });
});

it.each(['', 'PRAGMA user_version = 1', 'PRAGMA journal_mode = WAL'])(
  'leaves the database of another application alone (%s)',
  async (also) => {
    const path = temporaryDatabase();
    await change(path, `CREATE TABLE letters (text); INSERT INTO letters VALUES ('a'); ${also}`);
    const before = readFileSync(path);
    await expect(createSqliteStore({ path })).rejects.toThrow(`The database ${path} belongs to another application`);
    expect(readFileSync(path).equals(before)).toBe(true);
  },
);

it('refuses what a later version wrote, and leaves it alone', async () => {
  const path = temporaryDatabase();
  await (await openStore({ path })).close();
  await change(path, 'PRAGMA user_version = 99');
  const before = readFileSync(path);
  await expect(createSqliteStore({ path })).rejects.toThrow(
    `The database ${path} was written by a later version of agent-ws: its tables have version 99, and this one knows 6`,
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('makes the tables whole or not at all', async () => {
  const path = temporaryDatabase();
  await expect(openWatchedStore({ path, fails: (sql) => sql.startsWith('INSERT INTO identity') })).rejects.toThrow(
    'cannot be opened: database or disk is full',
  );
  const store = await openStore({ path });
  expect(store.runs.epoch).toMatch(/^[0-9a-f-]{36}$/);
});

it('says what is broken where tables are missing', async () => {
  const path = temporaryDatabase();
  await (await openStore({ path })).close();
  await change(path, 'DROP TABLE runs');
  await expect(createSqliteStore({ path })).rejects.toThrow(
    `The database ${path} cannot be opened: no such table: runs`,
  );
});

it('leaves one file behind', async () => {
  const path = temporaryDatabase();
  const store = await openStore({ path });
  createRun(store, metaOf('a')).append(chunk(1));
  store.runs.commit();
  expect(existsSync(`${path}-wal`)).toBe(true);
  expect(existsSync(`${path}-shm`)).toBe(false);
  await store.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
});

it('lets nobody else read its files, also those of earlier versions', async () => {
  const path = temporaryDatabase();
  const mode = (suffix = ''): string => (statSync(path + suffix).mode & 0o777).toString(8);
  for (const before of [undefined, 0o644]) {
    if (before !== undefined) chmodSync(path, before);
    const store = await openStore({ path });
    createRun(store, metaOf(`${before}`)).append(chunk(1));
    store.runs.commit();
    expect([mode(), mode('-wal')]).toEqual(['600', '600']);
    await store.close();
  }
});

it('does not mind what a path looks like', async () => {
  const directory = `${dirname(temporaryDatabase())}/a b 漢字 ?mode=ro#%20`;
  mkdirSync(directory);
  const path = `${directory}/file: x?.db`;
  await openStore({ path });
  expect(existsSync(path)).toBe(true);
});

it.each([
  ['', 'safe'],
  ['a 漢字 😀 \n\t\u2028', 'safe'],
  ['\0', 'unsafe'],
  ['a\0b', 'unsafe'],
  ['\ud83d', 'unsafe'],
  ['\ude00\ud83d', 'unsafe'],
] as const)('keeps %j as it is', (text, kind) => {
  const value = toSql(text);
  expect(typeof value === 'string').toBe(kind === 'safe');
  expect(fromSql(value)).toBe(text);
});

it.each<[keyof SqliteStoreOptions, unknown, string]>([
  ['path', '', 'the path of a file, received ""'],
  ['path', undefined, 'the path of a file, received undefined'],
  ['path', ':memory:', 'the path of a file, received ":memory:"'],
  ['durability', 'off', '"normal" or "full", received "off"'],
  ['waitMs', -1, 'a number from 0 to 2147483647, received -1'],
  ['waitMs', Infinity, 'a number from 0 to 2147483647, received Infinity'],
  ['retainMs', '5', 'a number of at least 0, received "5"'],
  ['maxRetainedBytes', -1, 'a number of at least 0, received -1'],
  ['rememberIdsMs', NaN, 'a number of at least 0, received NaN'],
  ['maxRememberedIds', null, 'a number of at least 0, received null'],
])('names an option that breaks its rule: %s %j', async (option, value, rule) => {
  const path = temporaryDatabase();
  const made = createSqliteStore({ path, [option]: value });
  await expect(made).rejects.toThrow(`Option "${option}" must be ${rule}`);
  await expect(made).rejects.toSatisfy((error) => OptionError.isInstance(error));
  expect(existsSync(path)).toBe(false);
});

it('waits for the disk with each commit where that is asked for', async () => {
  for (const [durability, synchronous] of [
    ['normal', 1],
    ['full', 2],
  ] as const) {
    const { database } = await openWatchedStore({ durability });
    expect(database.number('PRAGMA synchronous')).toBe(synchronous);
    expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
  }
});
