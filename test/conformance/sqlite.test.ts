import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import type { RunEntry, RunLog, WireEntry } from '../../src/index.js';
import { StoredLog } from '../../src/stores/sqlite/stored-log.js';
import {
  conversationStoreCases,
  roomStoreCases,
  runLogCases,
  runStoreCases,
  runStoreFaultCases,
  toolLedgerCases,
} from '../../src/testing/index.js';
import { createRun, metaOf, openStore, openWatchedStore, type WatchedStore } from '../helpers/sqlite.js';

/** A log read from its rows, as one of a run that ended is, while the run goes on. */
class RereadLog implements RunLog {
  readonly #watched: WatchedStore;
  readonly #run: number;
  readonly #runId: string;
  readonly #log: RunLog;

  constructor(watched: WatchedStore, run: number, runId: string) {
    this.#watched = watched;
    this.#run = run;
    this.#runId = runId;
    this.#log = createRun(watched.store, metaOf(runId, randomUUID()));
  }

  get published(): number {
    return this.#log.published;
  }

  get head(): number {
    return this.#log.head;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  append(entry: RunEntry): void {
    this.#log.append(entry);
  }

  read(after: number): readonly WireEntry[] {
    return new StoredLog(this.#watched.database, this.#run, this.#runId, this.published, this.bytes).read(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#log.onPublished(wake);
  }
}

describe('in SQLite', () => {
  describe('RunStore', () => {
    const make = async (settings: object) => (await openStore(settings)).runs;
    for (const { name, run } of runStoreCases(make)) it(name, run);
  });

  describe('RunStore whose database fails', () => {
    const make = async () => {
      const watched = await openWatchedStore();
      return {
        store: watched.store.runs,
        fail: (isFailing: boolean) => {
          watched.fails = (sql) => isFailing && sql.startsWith('INSERT');
        },
      };
    };
    for (const { name, run } of runStoreFaultCases(make)) it(name, run);
  });

  describe('RunLog of a run in progress', () => {
    const cases = runLogCases(async (runId) => createRun(await sharedStore(), metaOf(runId, randomUUID())));
    let shared: ReturnType<typeof openStore> | undefined;
    const sharedStore = () => (shared ??= openStore());
    for (const { name, run } of cases) {
      it(name, async () => {
        shared = undefined;
        await run();
      });
    }
  });

  describe('RunLog read from its rows', () => {
    let shared: Promise<WatchedStore> | undefined;
    let runs = 0;
    const cases = runLogCases(async (runId) => new RereadLog(await (shared ??= openWatchedStore()), ++runs, runId));
    for (const { name, run } of cases) {
      it(name, async () => {
        shared = undefined;
        runs = 0;
        await run();
      });
    }
  });

  describe('RoomStore', () => {
    const make = async (clock: () => number) => (await openStore({ clock })).rooms;
    for (const { name, run } of roomStoreCases(make)) it(name, run);
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openStore()).ledger)) it(name, run);
  });

  describe('ConversationStore', () => {
    const make = async (settings: object) => (await openStore(settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });
});
