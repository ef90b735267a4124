import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../../runtime/logger.js';
import { within } from '../../runtime/within.js';
import type { ToPrimary, ToWorker } from './messages.js';

/** A worker that has listened for this long was sound, in milliseconds: another one takes its place at once. */
const SOUND_MS = 10_000;

/** Pause before a worker that ended early gets a successor, in milliseconds; doubled each time. */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/** How long workers may take to write their last lines when all end at once, in milliseconds. */
const LAST_LINES_MS = 1_000;

/** What is known of a worker. */
interface Member {
  readonly worker: Worker;
  /** When it began to listen, on the monotonic clock. */
  listensSince: number | undefined;
  /** The node of the cluster that it is. */
  nodeId: string | undefined;
  /** Whether it was told to stop. */
  isLeaving: boolean;
}

/** What {@link Pool} takes. */
export interface PoolOptions {
  /** How many workers there are. */
  readonly size: number;
  /** How long a worker may take to end, in milliseconds: one that stands still is killed then. */
  readonly endMs: number;
  readonly logger: Logger;
  /** A worker says something. */
  readonly onMessage: (worker: Worker, message: ToPrimary) => void;
}

/** The worker processes that share the port: as many as there should be, whatever ends one of them. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #members = new Map<number, Member>();
  /** Nodes that are gone, and that no worker knows of yet. */
  #gone: string[] = [];
  /** How many workers in a row have ended early. */
  #early = 0;
  #hasListened = false;
  #isStopping = false;
  #isReplacing = false;
  #replacesAgain = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    cluster.on('message', (worker: Worker, message: ToPrimary) => {
      const member = this.#members.get(worker.id);
      if (message.type === 'node' && member !== undefined) member.nodeId = message.nodeId;
      options.onMessage(worker, message);
    });
    cluster.on('listening', (worker) => this.#onListening(worker));
    cluster.on('exit', (worker, code, signal: string | null) => this.#onExit(worker, code, signal));
  }

  /** The workers that can be told something. */
  get workers(): Worker[] {
    return [...this.#members.values()].map(({ worker }) => worker).filter((worker) => worker.isConnected());
  }

  /**
   * Starts one worker, and the others when it listens.
   * @returns the exit code of the first one if it ends before; it has said why
   */
  async start(): Promise<number | undefined> {
    const code = await untilListening(this.#fork());
    if (this.#isStopping) return undefined;
    if (code !== undefined) return code;
    this.#fill();
    const starting = [...this.#members.values()].filter(({ listensSince }) => listensSince === undefined);
    await Promise.all(starting.map(({ worker }) => untilListening(worker)));
    return undefined;
  }

  /**
   * Replaces every worker that there is now, one after the other: a worker stops when its successor listens. If a
   * successor does not come so far, the rest stays as it is.
   */
  async replace(): Promise<void> {
    if (this.#isReplacing) return void (this.#replacesAgain = true);
    this.#isReplacing = true;
    const { logger } = this.#options;
    const old = [...this.#members.values()].filter(({ isLeaving }) => !isLeaving);
    let replaced = 0;
    for (const member of old) {
      if (this.#isStopping) break;
      const code = await untilListening(this.#fork());
      if (code !== undefined) {
        logger.error({ code, replaced, left: old.length - replaced }, 'A new worker did not start; the others stay');
        break;
      }
      this.#stop(member, 'SIGHUP');
      replaced++;
    }
    if (replaced === old.length) logger.info({ replaced }, 'Every worker was replaced');
    this.#isReplacing = false;
    this.#fill();
    const again = this.#replacesAgain;
    this.#replacesAgain = false;
    if (again && !this.#isStopping) await this.replace();
  }

  /** Lets all workers end in order. Resolves when they have ended. */
  async stop(signal: string): Promise<void> {
    this.#isStopping = true;
    const exits = this.#exits();
    for (const member of this.#members.values()) this.#stop(member, signal);
    await exits;
  }

  /** Ends all workers at once. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#isStopping = true;
    const exits = this.#exits();
    for (const { worker } of this.#members.values()) tell(worker, { type: 'end', signal });
    await within(LAST_LINES_MS, exits);
    for (const { worker } of this.#members.values()) worker.process.kill('SIGKILL');
  }

  #exits(): Promise<unknown> {
    return Promise.all([...this.#members.values()].map(({ worker }) => once(worker, 'exit')));
  }

  #fork(): Worker {
    const worker = cluster.fork();
    this.#members.set(worker.id, { worker, listensSince: undefined, nodeId: undefined, isLeaving: false });
    return worker;
  }

  #stop(member: Member, signal: string): void {
    const { worker } = member;
    tell(worker, { type: 'stop', signal });
    if (member.isLeaving) return;
    member.isLeaving = true;
    const { endMs, logger } = this.#options;
    const timer = setTimeout(() => {
      logger.error({ worker: worker.id, pid: worker.process.pid }, 'A worker stands still and is killed');
      worker.process.kill('SIGKILL');
    }, endMs);
    worker.once('exit', () => clearTimeout(timer));
  }

  /** Starts workers until there are as many as there should be. */
  #fill(): void {
    if (this.#isStopping || this.#isReplacing) return;
    let count = [...this.#members.values()].filter(({ isLeaving }) => !isLeaving).length;
    for (; count < this.#options.size; count++) this.#fork();
  }

  #onListening(worker: Worker): void {
    const member = this.#members.get(worker.id);
    if (member === undefined) return;
    member.listensSince ??= performance.now();
    this.#hasListened = true;
    this.#tellOfGone();
  }

  #onExit(worker: Worker, code: number, signal: string | null): void {
    const member = this.#members.get(worker.id);
    if (member === undefined) return;
    this.#members.delete(worker.id);
    const inOrder = signal === null && code === 0;
    if (!inOrder && member.nodeId !== undefined) {
      this.#gone.push(member.nodeId);
      this.#tellOfGone();
    }
    if (member.isLeaving && inOrder) return;
    const { logger } = this.#options;
    const fields = { worker: worker.id, code, signal };
    if (member.isLeaving || this.#isStopping || !this.#hasListened || this.#isReplacing) {
      logger.warn(fields, 'A worker ended');
      return;
    }
    const wasSound = member.listensSince !== undefined && performance.now() - member.listensSince >= SOUND_MS;
    this.#early = wasSound ? 0 : this.#early + 1;
    const pauseMs = wasSound ? 0 : Math.min(MIN_PAUSE_MS * 2 ** (this.#early - 1), MAX_PAUSE_MS);
    logger.warn({ ...fields, pauseMs }, 'A worker ended; another one takes its place');
    setTimeout(() => this.#fill(), pauseMs);
  }

  /** Tells one worker of the nodes that are gone, so that it takes over their runs at once. */
  #tellOfGone(): void {
    const heir = [...this.#members.values()].find(
      ({ worker, listensSince, isLeaving }) => listensSince !== undefined && !isLeaving && worker.isConnected(),
    );
    if (heir === undefined) return;
    for (const nodeId of this.#gone) tell(heir.worker, { type: 'gone', nodeId });
    this.#gone = [];
  }
}

/** Sends a message to a worker that may be about to end. */
export function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}

/** Resolves when a worker listens, or to its exit code if it ends before. */
function untilListening(worker: Worker): Promise<number | undefined> {
  return new Promise((resolve) => {
    worker.once('listening', () => resolve(undefined));
    worker.once('exit', (code: number | null) => resolve(code ?? 1));
  });
}
