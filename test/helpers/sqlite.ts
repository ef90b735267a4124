import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Logger, type RunLog, type RunMeta } from '../../src/index.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { createSqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.js';
import type { Database } from '../../src/stores/sqlite/database.js';
import { loadDriver, type DriverConnection, type DriverStatement } from '../../src/stores/sqlite/driver.js';
import { openDatabase } from '../../src/stores/sqlite/open-database.js';
import type { RetentionSettings } from '../../src/stores/sqlite/retention.js';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.js';

/** A path in a separate directory, which is removed after the test. */
export function temporaryDatabase(): string {
  const directory = mkdtempSync(join(tmpdir(), 'agent-ws-sqlite-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'store.db');
}

/** A copy of an open database: its files as they are at this moment, like those a killed process leaves. */
export function leftBy(path: string): string {
  const copy = temporaryDatabase();
  for (const suffix of ['', '-wal']) cpSync(path + suffix, copy + suffix);
  return copy;
}

/** A store on a new file, or on the named one, which is closed after the test. */
export async function openStore(options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
  const store = await createSqliteStore({ path: temporaryDatabase(), ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Settings of a store that a test puts together. */
export const SETTINGS: RetentionSettings = {
  retainMs: 300_000,
  maxRetainedBytes: 134_217_728,
  rememberIdsMs: 86_400_000,
  maxRememberedIds: 100_000,
  maxConversationBytes: 1e9,
  maxOwnerConversationBytes: 1e9,
  logger: silentLogger,
  clock: Date.now,
};

/** A store whose statements a test can see and let fail. */
export interface WatchedStore {
  readonly store: SqliteStore;
  readonly database: Database;
  readonly path: string;
  /** Executed statements, in order. */
  readonly statements: string[];
  /** Which statements fail, as with a full disk. */
  fails: (sql: string) => boolean;
}

/** Options of {@link openWatchedStore}. */
export interface WatchedStoreOptions {
  readonly logger?: Logger;
  readonly path?: string;
  readonly durability?: 'normal' | 'full';
  readonly fails?: WatchedStore['fails'];
}

/** Like {@link openStore}, with access to the statements. */
export async function openWatchedStore({
  logger = silentLogger,
  path = temporaryDatabase(),
  durability = 'normal',
  fails = () => false,
}: WatchedStoreOptions = {}): Promise<WatchedStore> {
  const { DatabaseSync } = await loadDriver();
  const statements: string[] = [];
  const watch = <T>(sql: string, work: () => T): T => {
    if (watched.fails(sql)) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    const result = work();
    statements.push(sql);
    return result;
  };
  class WatchedConnection implements DriverConnection {
    readonly #connection = new DatabaseSync(path);

    exec(sql: string): void {
      watch(sql, () => this.#connection.exec(sql));
    }

    prepare(sql: string): DriverStatement {
      const statement = this.#connection.prepare(sql);
      return {
        run: (...values) => watch(sql, () => statement.run(...values)),
        get: (...values) => watch(sql, () => statement.get(...values)),
        all: (...values) => watch(sql, () => statement.all(...values)),
        iterate: (...values) => watch(sql, () => statement.iterate(...values)),
      };
    }

    close(): void {
      this.#connection.close();
    }
  }
  let watched: Omit<WatchedStore, 'store' | 'database'> = { path, statements, fails };
  const opened = await openDatabase({ DatabaseSync: WatchedConnection }, { path, durability, waitMs: 0 });
  const store = new SqliteStore(opened, { ...SETTINGS, logger });
  onTestFinished(() => {
    watched.fails = () => false;
    return store.close();
  });
  statements.length = 0;
  const whole: WatchedStore = Object.assign(watched, { store, database: opened.database });
  watched = whole;
  return whole;
}

/** The meta of a run that streams. */
export function metaOf(id: string, owner = 'ann'): RunMeta {
  return { owner, id, kind: 'streaming_query', requestHash: `hash of ${id}`, createdAt: 1 };
}

/** The log of a new run. */
export function createRun(store: SqliteStore, meta: RunMeta): RunLog {
  const claim = store.runs.create(meta);
  if (claim.status !== 'created') throw new Error('The id is taken');
  return claim.log;
}

/** A piece of text. */
export function chunk(
  seq: number,
  content = `${seq} `,
): { type: 'stream_chunk'; seq: number; timestamp: number; content: string } {
  return { type: 'stream_chunk', seq, timestamp: seq, content };
}

/** The text of a log after a position. */
export async function textOf(log: RunLog, after = 0): Promise<string> {
  let text = '';
  for (let position = after; position < log.published;) {
    for (const entry of await log.read(position)) {
      if (entry.firstSeq !== position + 1) throw new Error(`A hole between ${position} and ${entry.firstSeq}`);
      position = entry.seq;
      const { content = '' } = JSON.parse(entry.encoded) as { content?: string };
      text += content;
    }
  }
  return text;
}
