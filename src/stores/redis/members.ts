import { CountedHistogram } from '../../runtime/counted-histogram.js';
import type { Logger } from '../../runtime/logger.js';
import type { ClusterNode, NodeInfo } from '../../store/cluster.js';
import type { Keys } from './keys.js';
import { Observer } from './observer.js';
import type { RedisConnection, Reply } from './redis-client.js';
import { BEAT, FORGET_NODE } from './scripts/beat.js';
import type { Signer } from '../../store/signer.js';

/** From a script in memory to the shortest lease, in milliseconds. */
const BEAT_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/** How long is remembered of an unknown node that it was asked for, in milliseconds: many leases. */
const STRANGER_MS = 3_600_000;

/** What a node says of itself with each beat. */
interface Said {
  /** Counts the beats of the node. */
  readonly beat: number;
  /** Whether the node has left. */
  readonly gone?: true;
  readonly info: NodeInfo;
}

/** A node that does not live any more, and is not forgotten yet. */
export interface DeadNode {
  readonly id: string;
  /** What it said last, as Redis has it. */
  readonly said: string;
  /** Whether it left by itself. */
  readonly hasLeft: boolean;
}

/** What one beat found out. */
export interface BeatResult {
  /** The nodes that do not live any more. */
  readonly dead: readonly DeadNode[];
  /** Whether nodes are forgotten since the last beat: others have taken over what was theirs. */
  readonly hasForgotten: boolean;
  /** Whether Redis did not know this node: it counted as dead, or has just joined. */
  readonly wasForgotten: boolean;
  /** Id of the last entry in the control log. */
  readonly controlHead: string;
  /** The time of Redis, as Unix milliseconds. */
  readonly time: number;
}

/** What {@link Members} is made with. */
export interface MembersOptions {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly nodeId: string;
  readonly signer: Signer;
  readonly logger: Logger;
  readonly beatMs: number;
  readonly leaseMs: number;
}

/** The nodes of the cluster, as this one sees them with each beat. */
export class Members {
  /** From each beat to its answer, in milliseconds. */
  readonly beats = new CountedHistogram(BEAT_BOUNDS_MS);
  readonly #options: MembersOptions;
  readonly #base: string;
  readonly #observer: Observer;
  #beat = 0;
  #living: readonly ClusterNode[] = [];
  /** Every node that is known, dead or alive. */
  #known: ReadonlySet<string> = new Set();
  /** What Redis has of each node that is dead; `null` if it is forgotten. */
  #dead: ReadonlyMap<string, string | null> = new Map();
  /** When ids that belong to no known node were asked for first. */
  readonly #strangers = new Map<string, number>();
  /** The beats that this node cannot read, by node. */
  #unreadable: ReadonlyMap<string, string> = new Map();
  /** Whether the log has been told of a node that beats so. */
  #isToldOfOthers = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#base = options.keys.shared('');
    this.#observer = new Observer(options);
  }

  /** The nodes that live, by id; this one included as of its first beat. */
  get living(): readonly ClusterNode[] {
    return this.#living;
  }

  /** The place of this node among those that live. */
  get rank(): number {
    return this.#living.findIndex(({ id }) => id === this.#options.nodeId);
  }

  /**
   * Whether this node looks after the runs without a host: of those that can put runs into the line for workers the first
   * one, or the first one of all if none can.
   */
  get isJanitor(): boolean {
    const janitor = this.#living.find(({ hasLine }) => hasLine === true) ?? this.#living[0];
    return janitor?.id === this.#options.nodeId;
  }

  /**
   * Beats. Rejects if Redis does not answer.
   * @param gone - whether this node leaves
   */
  async beat(info: NodeInfo, gone = false): Promise<BeatResult> {
    const { connection, nodeId, signer } = this.#options;
    const said: Said = { beat: ++this.#beat, ...(gone && { gone }), info };
    const sentAt = performance.now();
    let reply: Reply;
    try {
      reply = await BEAT.run(connection, this.#base, [nodeId, signer.seal('beat', nodeId, JSON.stringify(said))]);
    } catch (error) {
      this.#observer.miss();
      throw error;
    }
    this.beats.add(performance.now() - sentAt);
    const [fields, controlHead, isNew, time] = reply as [string[], string, number, number];
    const before = this.#known;
    const dead = this.#see(fields, sentAt);
    const forgotten = [...before].filter((id) => !this.#known.has(id));
    // Until the next beat, without the wait for those that were never seen.
    this.#dead = new Map([...this.#dead, ...forgotten.map((id) => [id, null] as const)]);
    return { dead, hasForgotten: forgotten.length > 0, controlHead, time, wasForgotten: isNew === 1 };
  }

  /** Removes a node whose runs have another host. Returns whether it was there, and did not come back. */
  async forget({ id, said }: DeadNode): Promise<boolean> {
    return (await FORGET_NODE.run(this.#options.connection, this.#base, [id, said])) === 1;
  }

  /** Removes a node that does not live, whatever it said. */
  async remove(id: string): Promise<void> {
    await this.#options.connection.send(this.#base, ['HDEL', `${this.#base}nodes`, id]);
  }

  /** Whether a node that reads something is dead, as of the last beat. */
  isGone(id: string): boolean {
    return this.#dead.has(id) || this.isForgotten(id);
  }

  /**
   * Those of some nodes that are dead and have not come back since the last beat. What a node owned before the call can be
   * taken from it: it owned that when it counted as dead.
   */
  async stillGone(ids: Iterable<string>): Promise<string[]> {
    const gone = [...ids].filter((id) => this.isGone(id));
    if (gone.length === 0) return gone;
    const said = await this.#options.connection.send(this.#base, ['HMGET', `${this.#base}nodes`, ...gone]);
    return gone.filter((id, index) => (said as readonly (string | null)[])[index] === (this.#dead.get(id) ?? null));
  }

  /**
   * Whether a node that something still belongs to is dead and forgotten already: it was asked for a lease ago and is not
   * known. A node that has just started may be unknown for a beat.
   */
  isForgotten(id: string): boolean {
    if (this.#known.has(id)) {
      this.#strangers.delete(id);
      return false;
    }
    const now = performance.now();
    const since = this.#strangers.get(id);
    if (since === undefined) this.#strangers.set(id, now);
    return since !== undefined && now - since >= this.#options.leaseMs;
  }

  #see(fields: readonly string[], sentAt: number): DeadNode[] {
    const said = new Map<string, Said>();
    const raw = new Map<string, string>();
    const unreadable = new Map<string, string>();
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const [id = '', sealed = ''] = fields.slice(i, i + 2);
      const parsed = this.#parse(id, sealed);
      (parsed === undefined ? unreadable : raw).set(id, sealed);
      if (parsed !== undefined) said.set(id, parsed);
    }
    this.#lookAtUnreadable(unreadable);
    const present = [...said].filter(([, { gone }]) => gone !== true);
    const beats = new Map(present.map(([id, { beat }]) => [id, beat]));
    const dead = new Set(this.#observer.see({ beats, sentAt, answeredAt: performance.now() }));
    dead.delete(this.#options.nodeId);
    this.#known = new Set(said.keys());
    for (const [id, since] of this.#strangers) {
      if (this.#known.has(id) || sentAt - since > STRANGER_MS) this.#strangers.delete(id);
    }
    this.#living = present
      .filter(([id]) => !dead.has(id))
      .map(([id, { info }]) => ({ ...info, id }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const absent = [...said].filter(([id, { gone }]) => id !== this.#options.nodeId && (gone === true || dead.has(id)));
    const ends = absent.map(([id, { gone }]) => ({ id, said: raw.get(id) ?? '', hasLeft: gone === true }));
    this.#dead = new Map(ends.map(({ id, said: last }) => [id, last]));
    return ends;
  }

  /** Says once that a node beats which does not belong to this cluster. What does not change is left from another time. */
  #lookAtUnreadable(unreadable: ReadonlyMap<string, string>): void {
    const beats = [...unreadable].find(([id, sealed]) => (this.#unreadable.get(id) ?? sealed) !== sealed);
    this.#unreadable = unreadable;
    if (beats === undefined || this.#isToldOfOthers) return;
    this.#isToldOfOthers = true;
    this.#options.logger.error(
      { node: beats[0] },
      'Another node with this prefix has another secret of the cluster, or none, or this one has none: they do not work together',
    );
  }

  #parse(id: string, sealed: string): Said | undefined {
    const text = this.#options.signer.open('beat', id, sealed);
    if (text === undefined) return undefined;
    try {
      const said = JSON.parse(text) as Partial<Said> | null;
      return typeof said?.beat === 'number' && typeof said.info === 'object' ? (said as Said) : undefined;
    } catch {
      return undefined;
    }
  }
}
