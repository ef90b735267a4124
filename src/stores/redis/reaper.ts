import type { Logger } from '../../runtime/logger.js';
import type { RunMeta } from '../../store/run-store.js';
import type { Adopted, Facts } from './facts.js';
import type { Keys, RunPlace } from './keys.js';
import type { DeadNode, Members } from './members.js';
import { PARTITIONS } from './partitions.js';
import type { RedisConnection } from './redis-client.js';
import { WAITING } from './scripts/facts.js';

/** How much later a node takes over than the one before it, in milliseconds: one does the work, and the others see it. */
const RANK_DELAY_MS = 500;
/** How often the runs in progress are looked through, in milliseconds. */
const JANITOR_MS = 10_000;
/** How many runs one step of a walk through the runs of a partition returns, roughly. */
const SCAN_COUNT = '500';

/** What {@link Reaper} is made with. */
export interface ReaperOptions {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly nodeId: string;
  readonly members: Pick<Members, 'rank' | 'isJanitor' | 'isForgotten' | 'stillGone' | 'forget' | 'remove'>;
  readonly facts: Facts;
  readonly logger: Logger;
  /** This node is the host of a run now. */
  onAdopted(run: Adopted): void;
  /** It is the turn of a run that has no host. */
  onTurn(meta: RunMeta): void;
}

/**
 * Takes over the runs of dead nodes, and repairs what a crash between two steps left: runs without a host whose ticket is
 * lost, or that nobody ended. Which of several nodes gets a run is decided in Redis.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  /** The dead nodes whose runs are being taken over. */
  readonly #reaping = new Set<string>();
  #dead: ReadonlySet<string> = new Set();
  #lookedAt = performance.now();
  #looking = false;
  #closed = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Takes what a beat says about dead nodes. */
  see(dead: readonly DeadNode[]): void {
    this.#dead = new Set(dead.map(({ id }) => id));
    for (const node of dead) {
      if (this.#reaping.has(node.id)) continue;
      this.#reaping.add(node.id);
      const ms = Math.max(0, this.#options.members.rank) * RANK_DELAY_MS;
      if (ms === 0) void this.#reap(node);
      else setTimeout(() => void this.#reap(node), ms).unref();
    }
    if (this.#options.members.isJanitor && performance.now() - this.#lookedAt >= JANITOR_MS) void this.#look();
  }

  /** Takes over the runs of a node whose process has ended, as somebody has seen. */
  async reap(id: string): Promise<void> {
    const { members, logger } = this.#options;
    try {
      const count = await this.#adoptAll(id, () => Promise.resolve(true));
      await members.remove(id);
      logger.warn({ node: id, runs: count }, 'A node has ended: took over its runs');
    } catch (error) {
      // Its beats will be missed, as those of any other node.
      logger.warn({ err: error, node: id }, 'The runs of a node that has ended are taken over later');
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #reap(node: DeadNode): Promise<void> {
    const { members, logger } = this.#options;
    try {
      // Another node may have taken over meanwhile, or the node lives after all.
      if (this.#closed || !this.#dead.has(node.id)) return;
      const count = await this.#adoptAll(node.id, async () => (await members.stillGone([node.id])).length > 0);
      const isDone = await members.forget(node);
      if (count > 0 || (isDone && !node.hasLeft)) {
        logger.warn(
          { node: node.id, runs: count },
          node.hasLeft ? 'Took over the runs of a node that left' : 'A node is dead: took over its runs',
        );
      }
    } catch (error) {
      // Seen again with the next beat.
      logger.warn({ err: error, node: node.id }, 'The runs of a dead node could not be taken over yet');
    } finally {
      this.#reaping.delete(node.id);
    }
  }

  /**
   * Takes over the runs of a node.
   * @param isDead - whether the node has not beaten again. Asked after runs were found: those that a node begins after it has
   *   come back are not among them
   */
  async #adoptAll(from: string, isDead: () => Promise<boolean>): Promise<number> {
    let count = 0;
    await this.#walk(async (base, hosts) => {
      const places = [...hosts].filter(([, host]) => host === from).map(([run]) => ({ base, run }));
      if (places.length > 0 && (await isDead())) count += await this.#adopt(places, from);
    });
    return count;
  }

  async #adopt(places: readonly RunPlace[], from: string): Promise<number> {
    if (places.length === 0) return 0;
    const adopted = await this.#options.facts.adopt(places, from, this.#options.nodeId);
    for (const run of adopted) this.#options.onAdopted(run);
    return adopted.length;
  }

  /** Looks through all runs in progress. */
  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    this.#lookedAt = performance.now();
    try {
      await this.#walk(async (base, hosts) => {
        const waiting = [...hosts].filter(([, host]) => host === '').map(([run]) => ({ base, run }));
        await this.#lookAtWaiting(base, waiting);
        const { members } = this.#options;
        const strangers = [...new Set(hosts.values())].filter((host) => host !== '' && members.isForgotten(host));
        for (const forgotten of await members.stillGone(strangers)) {
          const places = [...hosts].filter(([, host]) => host === forgotten).map(([run]) => ({ base, run }));
          await this.#adopt(places, forgotten);
        }
      });
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'The runs in progress could not be looked through');
    } finally {
      this.#looking = false;
    }
  }

  async #lookAtWaiting(base: string, places: readonly RunPlace[]): Promise<void> {
    if (places.length === 0) return;
    const reply = await WAITING.run(
      this.#options.connection,
      base,
      places.map(({ run }) => run),
    );
    const stopped: RunPlace[] = [];
    for (const [i, [meta, stop, isFirst]] of (reply as [string | null, string | null, number][]).entries()) {
      const place = places[i];
      if (place === undefined) continue;
      // A record that is lost is found by who adopts it.
      if (stop !== null || meta === null) stopped.push(place);
      else if (isFirst === 1) this.#options.onTurn(JSON.parse(meta) as RunMeta);
    }
    await this.#adopt(stopped, '');
  }

  /** Calls `step` with the runs in progress of each partition, as run and host. */
  async #walk(step: (base: string, hosts: ReadonlyMap<string, string>) => Promise<void>): Promise<void> {
    const { connection, keys } = this.#options;
    const bases = Array.from({ length: PARTITIONS }, (_, partition) => keys.base(partition));
    await Promise.all(
      bases.map(async (base) => {
        const key = `${base}live`;
        let cursor = '0';
        do {
          const reply = await connection.send(key, ['HSCAN', key, cursor, 'COUNT', SCAN_COUNT]);
          const [next, fields] = reply as [string, string[]];
          const hosts = new Map<string, string>();
          for (let i = 0; i + 1 < fields.length; i += 2) hosts.set(fields[i] ?? '', fields[i + 1] ?? '');
          if (hosts.size > 0) await step(base, hosts);
          cursor = next;
        } while (cursor !== '0' && !this.#closed);
      }),
    );
  }
}
