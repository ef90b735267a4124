import { existsSync, linkSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadDriver, type Driver } from '../../../src/stores/sqlite/driver.js';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.js';
import { openDatabase } from '../../../src/stores/sqlite/open-database.js';
import { chunk, createRun, metaOf, openStore, SETTINGS, temporaryDatabase } from '../../helpers/sqlite.js';

/** Writes runs of 100 KB. */
function writeRuns(store: SqliteStore, names: readonly string[]): void {
  for (const name of names) createRun(store, metaOf(name)).append(chunk(1, name.repeat(100_000 / name.length)));
  store.runs.commit();
}

/** The runs of a database that nobody has open. */
async function runsIn(path: string): Promise<string[]> {
  const store = await openStore({ path });
  const ids = store.runs.unfinished().map(({ meta }) => meta.id);
  await store.close();
  return ids;
}

const BESIDE = (path: string, name: string): string => join(dirname(path), name);

it.each<[string, (path: string) => string]>([
  ['its name', (path) => path],
  ['a name from another directory', (path) => relative(process.cwd(), path)],
  ['a name with a detour', (path) => `${dirname(path)}/./${basename(path)}`],
  ['a symbolic link', (path) => (symlinkSync(path, BESIDE(path, 'link')), BESIDE(path, 'link'))],
  ['a hard link', (path) => (linkSync(path, BESIDE(path, 'link')), BESIDE(path, 'link'))],
  ['the file of the newest commits', (path) => `${path}-wal`],
  ['a file that SQLite would take for its journal', (path) => `${path}-journal`],
  ['the name whose copy in progress is the database', (path) => path.slice(0, -'.part'.length)],
])('does not copy a database onto itself: %s', async (_, copyOf) => {
  const path = `${temporaryDatabase()}.part`;
  const store = await openStore({ path });
  writeRuns(store, ['a']);
  const copy = copyOf(path);
  const files = readdirSync(dirname(path)).sort();
  await expect(store.backup(copy)).rejects.toThrow(`"${copy}" would replace the database, and must have another name`);
  expect(readdirSync(dirname(path)).sort()).toEqual(files);
  writeRuns(store, ['b']);
  await store.close();
  expect(await runsIn(path)).toEqual(['a', 'b']);
});

it('copies to any other file, and again', async () => {
  const store = await openStore();
  const copy = temporaryDatabase();
  for (const names of [['a'], ['a', 'b']]) {
    writeRuns(store, names.slice(-1));
    await store.backup(copy);
    expect(await runsIn(copy)).toEqual(names);
    expect(existsSync(`${copy}.part`)).toBe(false);
  }
});

it('makes copies one after the other, also those that are asked for at once', async () => {
  const store = await openStore();
  const names = Array.from({ length: 100 }, (_, index) => `run ${index}`);
  writeRuns(store, names);
  const copy = temporaryDatabase();
  await Promise.all([store.backup(copy), store.backup(copy), store.backup(copy)]);
  expect(await runsIn(copy)).toEqual(names);
});

it('closes while a copy is made, which becomes whole', async () => {
  const path = temporaryDatabase();
  const store = await openStore({ path });
  const names = Array.from({ length: 100 }, (_, index) => `run ${index}`);
  writeRuns(store, names);
  const copy = temporaryDatabase();
  const copied = store.backup(copy);
  await Promise.all([store.close(), store.close(), copied]);
  expect(await runsIn(copy)).toEqual(names);
  expect(await runsIn(path)).toEqual(names);
});

it('commits and takes no more writes when it is closed, and closes the database when the copy is whole', async () => {
  const driver = await loadDriver();
  let isOpen = true;
  class Connection extends driver.DatabaseSync {
    override close(): void {
      isOpen = false;
      super.close();
    }
  }
  let end = (_isWhole: boolean): void => undefined;
  const backup: Driver['backup'] = () =>
    new Promise((resolve, reject) => {
      end = (isWhole) => (isWhole ? resolve(1) : reject(new Error('disk full')));
    });
  for (const isWhole of [true, false]) {
    isOpen = true;
    const path = temporaryDatabase();
    const opened = await openDatabase({ DatabaseSync: Connection, backup }, { path, durability: 'normal', waitMs: 0 });
    const store = new SqliteStore(opened, SETTINGS);
    onTestFinished(() => store.close());
    const copied = store.backup(temporaryDatabase());
    const next = store.backup(temporaryDatabase());
    const log = createRun(store, metaOf('a'));
    log.append(chunk(1));
    const closed = store.close();
    expect(log.published).toBe(1);
    expect(() => createRun(store, metaOf('b'))).toThrow('The store is closed');
    expect(isOpen).toBe(true);
    end(isWhole);
    if (isWhole) await copied;
    else await expect(copied).rejects.toThrow('disk full');
    await expect(next).rejects.toThrow('The store is closed');
    await closed;
    expect(isOpen).toBe(false);
    expect(await runsIn(path)).toEqual(['a']);
  }
});
