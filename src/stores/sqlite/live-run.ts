import type { RunState } from '../../protocol/server-messages.js';
import type { RunMeta, StoredRun } from '../../store/run-store.js';
import type { LiveLog } from './live-log.js';
import type { WriteQueue } from './write-queue.js';

/** A run without a committed final state. */
export class LiveRun implements StoredRun {
  /** Number of the run in the database: runs are numbered in the order of their creation. */
  readonly n: number;
  readonly meta: RunMeta;
  readonly log: LiveLog;
  state: RunState;
  readonly #queue: WriteQueue;

  constructor(queue: WriteQueue, n: number, meta: RunMeta, state: RunState, log: LiveLog) {
    this.#queue = queue;
    this.n = n;
    this.meta = meta;
    this.state = state;
    this.log = log;
  }

  /** Loaded when asked for: only a restart needs the draft. */
  get draft(): string {
    this.#queue.flush();
    const { content } = this.#queue.database;
    const rows = this.#queue.database.all('SELECT n, text FROM drafts WHERE run = ? ORDER BY n', this.n);
    return rows.map(({ n, text }) => content.openText(text, 'drafts', this.n, Number(n))).join('');
  }

  /** Loaded when asked for, like the draft. */
  get checkpoint(): string | undefined {
    this.#queue.flush();
    const { database } = this.#queue;
    const checkpoint = database.get('SELECT checkpoint FROM runs WHERE n = ?', this.n)?.['checkpoint'] ?? null;
    return checkpoint === null ? undefined : database.content.openText(checkpoint, 'runs', this.n, 'checkpoint');
  }
}
