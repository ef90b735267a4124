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

/**
 * How long a worker may take until it listens, in milliseconds. It waits for Redis to read its files, and for modules of
 * the operator, which may wait for something that never answers.
 */
const START_MS = 180_000;

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
  /** Whether it is to replace a worker that still serves, and does not listen yet. */
  isSpare: boolean;
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
    const code = await untilListening(this.#fork().worker);
    if (this.#isStopping) return undefined;
    if (code !== undefined) return code;
    this.#fill();
    const starting = [...this.#members.values()].filter(({ listensSince }) => listensSince === undefined);
    await Promise.all(starting.map(({ worker }) => untilListening(worker)));
    return undefined;
  }

  /**
   * Replaces every worker that there is now, one after the other: a worker stops when its successor listens. If a
   * successor does not come so far, the rest stays as it is. Workers that end by themselves meanwhile are replaced as
   * always.
   */
  async replace(): Promise<void> {
    if (this.#isReplacing) return void (this.#replacesAgain = true);
    this.#isReplacing = true;
    const { logger, size } = this.#options;
    const all = this.#staying;
    const left = (): Member[] => this.#staying.filter((member) => all.includes(member));
    while (left().length > 0 && !this.#isStopping) {
      const spare = this.#fork({ isSpare: true });
      const code = await untilListening(spare.worker);
      if (code !== undefined) {
        const fields = { code, replaced: all.length - left().length, left: left().length };
        logger.error(fields, 'A new worker did not start; the others stay');
        break;
      }
      spare.isSpare = false;
      // One that has ended by itself may have a successor already, or get the spare one.
      if (this.#staying.length > size) this.#stop(left()[0] ?? spare, 'SIGHUP');
    }
    if (left().length === 0 && !this.#isStopping) logger.info({ replaced: all.length }, 'Every worker was replaced');
    this.#isReplacing = false;
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

  /** The workers that serve or will serve, besides those that are to replace another one. */
  get #staying(): Member[] {
    return [...this.#members.values()].filter(({ isLeaving, isSpare }) => !isLeaving && !isSpare);
  }

  #fork({ isSpare = false } = {}): Member {
    const worker = cluster.fork();
    const member: Member = { worker, listensSince: undefined, nodeId: undefined, isLeaving: false, isSpare };
    this.#members.set(worker.id, member);
    const timer = setTimeout(() => this.#kill(member, 'A worker does not listen in time and is killed'), START_MS);
    worker.once('listening', () => clearTimeout(timer));
    worker.once('exit', () => clearTimeout(timer));
    return member;
  }

  #kill({ worker }: Member, why: string): void {
    this.#options.logger.error({ worker: worker.id, pid: worker.process.pid }, why);
    worker.process.kill('SIGKILL');
  }

  #stop(member: Member, signal: string): void {
    const { worker } = member;
    tell(worker, { type: 'stop', signal });
    if (member.isLeaving) return;
    member.isLeaving = true;
    const timer = setTimeout(() => this.#kill(member, 'A worker stands still and is killed'), this.#options.endMs);
    worker.once('exit', () => clearTimeout(timer));
  }

  /** Starts workers until there are as many as there should be. */
  #fill(): void {
    if (this.#isStopping) return;
    for (let count = this.#staying.length; count < this.#options.size; count++) this.#fork();
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
    if (member.isLeaving || this.#isStopping || !this.#hasListened || member.isSpare) {
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
