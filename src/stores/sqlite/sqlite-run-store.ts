import type { RunState } from '../../protocol/server-messages.js';
import { runKey } from '../../store/run-key.js';
import { isFinal } from '../../store/run-state.js';
import type { Claim, RunKind, RunMeta, RunStore, StoredRun } from '../../store/run-store.js';
import type { Row } from './database.js';
import { LiveLog } from './live-log.js';
import { LiveRun } from './live-run.js';
import type { Retention } from './retention.js';
import { fromSql, fromSqlOptional, toSql, toSqlOptional } from './sql-text.js';
import { StoredLog } from './stored-log.js';
import type { WriteQueue } from './write-queue.js';

/** Bytes that a run takes besides its log, in memory while it waits to be written and in the database. */
const RUN_BYTES = 500;

/** Selects ended runs with the number of their newest entry. */
const SELECT = 'SELECT *, (SELECT max(seq) FROM entries WHERE run = n) AS head FROM runs';

/** Run logs in a database. Runs in progress are also in memory, so that looking them up needs no query. */
export class SqliteRunStore implements RunStore {
  readonly epoch: string;
  readonly isDurable = true;
  readonly #queue: WriteQueue;
  readonly #retention: Retention;
  readonly #clock: () => number;
  readonly #live = new Map<string, LiveRun>();
  /** Runs whose claim is not committed yet. */
  readonly #claimed = new Set<LiveRun>();
  /** The number of the newest run. */
  #newest: number;

  constructor(epoch: string, queue: WriteQueue, retention: Retention, clock: () => number) {
    this.epoch = epoch;
    this.#queue = queue;
    this.#retention = retention;
    this.#clock = clock;
    const { database } = queue;
    this.#newest = database.number('SELECT max(n) FROM runs');
    for (const row of database.all(`${SELECT} WHERE dropped = 0 AND ended_at IS NULL ORDER BY n`)) this.#revive(row);
  }

  create(meta: RunMeta): Claim {
    const key = runKey(meta.owner, meta.id);
    const live = this.#live.get(key);
    if (live !== undefined) return { status: 'existing', run: live };
    const row = this.#find(meta.owner, meta.id);
    if (row !== undefined) {
      if (row['dropped'] === 0) return { status: 'existing', run: this.#toStored(row) };
      return { status: 'expired', requestHash: this.#toMeta(row).requestHash };
    }
    const n = this.#newest + 1;
    const { owner, id, kind, requestHash, createdAt, conversationId, toolName, payer = owner } = meta;
    const log = new LiveLog(this.#queue, n, id, new StoredLog(this.#queue.database, n, id, 0, 0));
    const run = new LiveRun(this.#queue, n, meta, 'accepted', log);
    this.#queue.pushBounded({
      bytes: RUN_BYTES,
      apply: (database) => {
        if (log.isWithdrawn) return;
        database.run(
          `INSERT INTO runs (n, owner, id, kind, request_hash, created_at, conversation_id, tool_name, payer, state)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'accepted')`,
          n,
          toSql(owner),
          toSql(id),
          kind,
          database.content.sealText(requestHash, 'runs', n, 'request_hash'),
          createdAt,
          toSqlOptional(conversationId),
          toSqlOptional(toolName),
          toSql(payer),
        );
      },
      committed: () => this.#claimed.delete(run),
    });
    this.#newest = n;
    this.#live.set(key, run);
    this.#claimed.add(run);
    return { status: 'created', log };
  }

  open(owner: string, id: string): StoredRun | undefined {
    const live = this.#live.get(runKey(owner, id));
    if (live !== undefined) return live;
    const row = this.#find(owner, id);
    return row?.['dropped'] === 0 ? this.#toStored(row) : undefined;
  }

  setState(owner: string, id: string, state: RunState, checkpoint?: string): void {
    const run = this.#live.get(runKey(owner, id));
    if (run === undefined || isFinal(run.state)) return;
    if (isFinal(state)) this.#end(run, state);
    else {
      this.#queue.push({
        bytes: RUN_BYTES + (checkpoint?.length ?? 0),
        apply: (database) =>
          database.run(
            'UPDATE runs SET state = ?, checkpoint = ? WHERE n = ?',
            state,
            checkpoint === undefined ? null : database.content.sealText(checkpoint, 'runs', run.n, 'checkpoint'),
            run.n,
          ),
      });
    }
    run.state = state;
  }

  keepDraft(owner: string, id: string, text: string): void {
    const run = this.#live.get(runKey(owner, id));
    if (run === undefined || isFinal(run.state)) return;
    this.#queue.pushBounded({
      bytes: text.length,
      standsAlone: true,
      apply: (database) => {
        const n = database.number('SELECT coalesce(max(n), 0) + 1 FROM drafts');
        database.run(
          'INSERT INTO drafts VALUES (?, ?, ?)',
          n,
          run.n,
          database.content.sealText(text, 'drafts', run.n, n),
        );
      },
    });
  }

  list(owner: string, limit: number): StoredRun[] {
    const rows = this.#queue.database.all(
      `${SELECT} WHERE owner = ? AND dropped = 0 AND ended_at IS NOT NULL ORDER BY n DESC LIMIT ?`,
      toSql(owner),
      limit,
    );
    const live = [...this.#live.values()].filter((run) => run.meta.owner === owner);
    // No run is in both lists: a run leaves memory when its end is committed.
    const runs = [
      ...rows.map((row) => ({ n: Number(row['n']), run: this.#toStored(row) })),
      ...live.map((run) => ({ n: run.n, run })),
    ];
    runs.sort((a, b) => a.n - b.n);
    return runs.slice(Math.max(0, runs.length - limit)).map(({ run }) => run);
  }

  unfinished(): StoredRun[] {
    return [...this.#live.values()].filter(({ state }) => !isFinal(state));
  }

  /** If it throws, the ids claimed since the last commit are free again, unless their runs have written something. */
  commit(): void {
    try {
      this.#queue.flush();
    } catch (error) {
      this.#withdraw();
      throw error;
    }
  }

  expire(): void {
    if (this.#queue.flushIfWritable()) this.#retention.expire();
  }

  #withdraw(): void {
    for (const run of this.#claimed) {
      if (!run.log.isEmpty || isFinal(run.state)) continue;
      run.log.withdraw();
      this.#live.delete(runKey(run.meta.owner, run.meta.id));
      this.#claimed.delete(run);
    }
  }

  #end(run: LiveRun, state: RunState): void {
    const at = this.#clock();
    const bytes = run.log.bytes + RUN_BYTES;
    this.#queue.push({
      bytes: RUN_BYTES,
      apply: (database) => {
        database.run(
          'UPDATE runs SET state = ?, checkpoint = NULL, ended_at = ?, bytes = ? WHERE n = ?',
          state,
          at,
          bytes,
          run.n,
        );
        database.run('DELETE FROM drafts WHERE run = ?', run.n);
        this.#retention.onEnded(run.meta.payer ?? run.meta.owner, bytes);
      },
      committed: () => this.#live.delete(runKey(run.meta.owner, run.meta.id)),
    });
  }

  #find(owner: string, id: string): Row | undefined {
    return this.#queue.database.get(`${SELECT} WHERE owner = ? AND id = ?`, toSql(owner), toSql(id));
  }

  /** Restores a run that an earlier process did not finish. */
  #revive(row: Row): void {
    const { database } = this.#queue;
    const [n, meta, state] = [Number(row['n']), this.#toMeta(row), toState(row)];
    const bytes = database.number('SELECT sum(octet_length(body)) FROM entries WHERE run = ?', n);
    const before = new StoredLog(database, n, meta.id, Number(row['head'] ?? 0), bytes);
    const log = new LiveLog(this.#queue, n, meta.id, before);
    this.#live.set(runKey(meta.owner, meta.id), new LiveRun(this.#queue, n, meta, state, log));
  }

  #toStored(row: Row): StoredRun {
    const meta = this.#toMeta(row);
    const head = Number(row['head'] ?? 0);
    const log = new StoredLog(this.#queue.database, Number(row['n']), meta.id, head, Number(row['bytes']));
    return { meta, state: toState(row), log, draft: '' };
  }

  #toMeta(row: Row): RunMeta {
    const conversationId = fromSqlOptional(row['conversation_id']);
    const toolName = fromSqlOptional(row['tool_name']);
    const [owner, payer] = [fromSql(row['owner']), fromSql(row['payer'])];
    return {
      owner,
      id: fromSql(row['id']),
      kind: row['kind'] as RunKind,
      requestHash: this.#queue.database.content.openText(row['request_hash'], 'runs', Number(row['n']), 'request_hash'),
      createdAt: Number(row['created_at']),
      ...(conversationId !== undefined && { conversationId }),
      ...(toolName !== undefined && { toolName }),
      ...(payer !== owner && { payer }),
    };
  }
}

function toState(row: Row): RunState {
  return row['state'] as RunState;
}
