import type { CancelReason } from '../../protocol/server-messages.js';
import type { Logger } from '../../runtime/logger.js';
import type {
  Cluster,
  ClusterEvent,
  ClusterListener,
  ClusterNode,
  NodeReading,
  PassedDecision,
} from '../../store/cluster.js';
import { isFinal } from '../../store/run-state.js';
import type { RunMeta, StoredRun } from '../../store/run-store.js';
import { ControlLog } from './control-log.js';
import { Facts, type Adopted } from './facts.js';
import type { HostedRun } from './hosted-run.js';
import { hashOf, partitionOf, runHash, type RunPlace } from './keys.js';
import { Members, type BeatResult } from './members.js';
import { Readings } from './readings.js';
import { Reaper } from './reaper.js';
import { RedisCounts } from './redis-counts.js';
import type { RedisParts } from './redis-parts.js';
import { LINE } from './scripts/facts.js';
import { placeOf, WAKE, type Wakes } from './wakes.js';
import { Watches } from './watches.js';

/** How long Redis may not answer until the node counts as cut off, in milliseconds. */
const UNREACHABLE_MS = 5_000;
/** How long a run may be silent until its followers look at its log without being woken, in milliseconds. */
const SILENCE_MS = 5_000;

/** What {@link RedisCluster} is made with. */
export interface RedisClusterOptions {
  /** What works with the runs of this node. */
  readonly parts: RedisParts;
  readonly wakes: Wakes;
  readonly logger: Logger;
  /** How often the node tells that it lives, in milliseconds. */
  readonly beatMs: number;
  /** How long a node may be silent until others take over its runs, in milliseconds. */
  readonly leaseMs: number;
}

/** The processes that work with the same Redis. */
export class RedisCluster implements Cluster {
  readonly nodeId: string;
  readonly counts: RedisCounts;
  readonly facts: Facts;
  /** Whether the node tells that it lives. Tests stop it, as if the process stood still. */
  beats = true;
  readonly #options: RedisClusterOptions;
  readonly #parts: RedisParts;
  readonly #members: Members;
  readonly #control: ControlLog;
  readonly #readings: Readings;
  readonly #watches: Watches;
  readonly #reaper: Reaper;
  #listener: ClusterListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #beatsAgain = false;
  #answeredAt = performance.now();
  /** Whether Redis has not answered a beat since. */
  #isAway = false;
  #isOver = false;
  /** How much each run had written at the last beat. */
  readonly #positions = new WeakMap<HostedRun, number>();
  readonly #lost = new Set<number>();
  readonly #looks: (() => void)[] = [];

  constructor(options: RedisClusterOptions) {
    const { parts, logger, wakes } = options;
    const { calls, connection, keys, signer, node: nodeId } = parts;
    this.nodeId = nodeId;
    this.#options = options;
    this.#parts = parts;
    this.facts = new Facts({ calls, keys, signer });
    this.#members = new Members({ ...options, connection, keys, signer, nodeId });
    this.counts = new RedisCounts(parts, this.#members);
    this.#control = new ControlLog({
      connection,
      keys,
      signer,
      onEvent: (event) => this.#listener?.onEvent(event),
    });
    this.#readings = new Readings(this.facts, nodeId);
    this.#watches = new Watches(connection, keys, nodeId);
    this.#reaper = new Reaper({
      connection,
      keys,
      nodeId,
      logger,
      members: this.#members,
      facts: this.facts,
      onAdopted: (run) => this.#begin(run),
      onTurn: ({ owner, id }) => this.#listener?.onTurn(owner, id),
    });
    wakes.on(WAKE.entries, (text) => parts.followers.take(text));
    wakes.on(WAKE.facts, (text) => this.#onHosted(placeOf(text).run, (run) => this.#lookAtFacts([run])));
    wakes.on(WAKE.turn, (text) => this.#onHosted(placeOf(text).run, (run) => this.#onTurn(run.meta)));
    wakes.on(WAKE.created, (text) => this.#try(this.#onCreated(placeOf(text))));
    wakes.on(WAKE.control, () => this.#try(this.#control.look()));
    wakes.on(WAKE.nodes, () => this.announce());
    wakes.onMissed(() => this.#onMissed());
    parts.hooks = {
      onFacts: ({ meta }) => this.#onHosted(runHash(meta.owner, meta.id), (run) => this.#lookAtFacts([run])),
      onTurn: (meta) => this.#onTurn(meta),
      onFenced: ({ meta }) => this.#listener?.onFenced(meta.owner, meta.id),
      onUnreadable: (run) => this.#listener?.onUnreadable(run),
      onOrphan: (run) => this.#listener?.onOrphan(run),
      onLost: (partition) => this.#onLost(partition),
      replace: (base, keys) => this.#replace(base, keys),
    };
  }

  get nodes(): readonly ClusterNode[] {
    return this.#members.living;
  }

  get isReachable(): boolean {
    return performance.now() - this.#answeredAt < this.#options.beatMs + UNREACHABLE_MS;
  }

  /** Those of the nodes that something still belongs to that are dead. */
  stillGone(ids: Iterable<string>): Promise<string[]> {
    return this.#members.stillGone(ids);
  }

  /** Calls `look` after each beat. */
  onBeat(look: () => void): void {
    this.#looks.push(look);
  }

  async join(listener: ClusterListener): Promise<void> {
    this.#listener = listener;
    this.#answeredAt = performance.now();
    try {
      await this.#control.join();
    } catch (error) {
      // Redis went away since the start: the next beat that succeeds makes good for it.
      this.#options.logger.warn({ err: error }, 'Redis does not answer a node that joins its cluster');
    }
    await this.#beat();
    this.#schedule();
  }

  announce(): void {
    if (this.#listener === undefined || this.#isOver) return;
    if (this.#beating === undefined) void this.#beat();
    else this.#beatsAgain = true;
  }

  async leave(): Promise<void> {
    if (this.#listener === undefined || this.#isOver) return;
    const info = this.#listener.describe();
    this.close();
    await this.#beating;
    try {
      await this.#members.beat(info, true);
    } catch (error) {
      // The others find out after a lease.
      this.#options.logger.warn({ err: error }, 'Other nodes could not be told that this one leaves');
      return;
    }
    const others = this.nodes.filter(({ id }) => id !== this.nodeId).map(({ id }) => id);
    await this.#options.wakes.send(others, WAKE.nodes);
  }

  async reap(nodeId: string): Promise<void> {
    await this.#reaper.reap(nodeId);
    this.announce();
  }

  /** Ends everything that happens by itself. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#reaper.close();
  }

  async stop(owner: string, id: string, reason: CancelReason): Promise<void> {
    await this.#stop(this.facts.placeOf(owner, id), reason);
  }

  abandon(owner: string, id: string): void {
    this.#try(this.#stop(this.facts.placeOf(owner, id), 'abandoned', true));
  }

  async decide(owner: string, id: string, toolCallId: string, decision: PassedDecision): Promise<void> {
    await this.facts.decide(this.facts.placeOf(owner, id), toolCallId, decision);
  }

  read(owner: string, id: string, reading: NodeReading | undefined): void {
    this.#readings.set(this.facts.placeOf(owner, id), reading);
  }

  async adopt(owner: string, id: string): Promise<StoredRun | undefined> {
    return await this.#adopt(this.facts.placeOf(owner, id));
  }

  async inProgress(owner: string, conversationId: string): Promise<readonly StoredRun[]> {
    const { calls, keys, runs } = this.#parts;
    const metas = await calls.read(LINE, keys.baseOf(owner), [hashOf(owner, conversationId)]);
    const opened = (metas as string[]).map((text) => {
      const meta = JSON.parse(text) as RunMeta;
      return runs.open(meta.owner, meta.id);
    });
    return (await Promise.all(opened)).filter((run) => run !== undefined);
  }

  watch(owner: string, conversationId: string, active: boolean): void {
    this.#watches.set(owner, conversationId, active);
  }

  async tell(event: ClusterEvent): Promise<void> {
    try {
      await this.#control.tell(event);
    } catch (error) {
      if (event.type !== 'revoke') throw error;
      this.#options.logger.warn({ err: error }, 'Other nodes are told of a revocation when Redis answers again');
      return;
    }
    await this.#options.wakes.send(new Set([this.nodeId, ...this.nodes.map(({ id }) => id)]), WAKE.control);
  }

  async #stop(place: RunPlace, reason: CancelReason, ifUnread = false): Promise<void> {
    // If nobody executes it, nobody else would end it.
    if ((await this.facts.stop(place, reason, ifUnread)) === '') await this.#adopt(place);
  }

  async #adopt(place: RunPlace): Promise<StoredRun | undefined> {
    const [run] = await this.facts.adopt([place], '', this.nodeId);
    return run && this.#begin(run);
  }

  /** Stops runs of a conversation, since a new one replaces them. */
  #replace(base: string, keys: readonly string[]): void {
    for (const run of keys) this.#try(this.#stop({ base, run }, 'replaced'));
  }

  #onTurn({ owner, id }: RunMeta): void {
    this.#listener?.onTurn(owner, id);
  }

  /** A partition has lost its data: those that are found together are told together. */
  #onLost(partition: number): void {
    this.#lost.add(partition);
    if (this.#lost.size > 1) return;
    setImmediate(() => {
      const lost = new Set(this.#lost);
      this.#lost.clear();
      this.#options.logger.error({ partitions: lost.size }, 'Redis has lost data: nothing is known of its runs');
      this.#listener?.onLost((owner) => lost.has(partitionOf(owner)));
    });
  }

  #schedule(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#beat().then(() => this.#schedule()), this.#options.beatMs).unref();
  }

  /** Beats, once at a time. Never rejects. */
  async #beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined;
      if (this.#beatsAgain) {
        this.#beatsAgain = false;
        this.announce();
      }
    });
    await this.#beating;
  }

  async #beatOnce(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined || this.#isOver || !this.beats) return;
    const { logger } = this.#options;
    let result;
    try {
      result = await this.#members.beat(listener.describe());
    } catch (error) {
      logger.debug({ err: error }, 'A beat was not answered');
      this.#isAway = true;
      return;
    }
    this.#answered(performance.now());
    this.#onBeat(result);
  }

  /** Says if the node itself was silent for so long that others may soon count it as dead. Outages are reported once. */
  #answered(now: number): void {
    const { leaseMs, logger } = this.#options;
    const ms = Math.round(now - this.#answeredAt);
    if (!this.#isAway && ms > leaseMs / 2) {
      logger.warn({ ms, leaseMs }, 'A beat is late: the process stood still, has too much to do, or Redis is slow');
    }
    this.#answeredAt = now;
    this.#isAway = false;
  }

  #onBeat(result: BeatResult): void {
    if (this.#isOver) return;
    this.#parts.calls.clock.see(result.time);
    this.#options.wakes.probe();
    if (result.wasForgotten) this.#onMissed();
    this.#readings.retry();
    this.#watches.retry();
    this.#checkSilent();
    this.#parts.followers.look(SILENCE_MS);
    if (result.dead.length > 0 || result.hasForgotten) this.#lookAtFacts([...this.#parts.hosted.values()]);
    this.#reaper.see(result.dead);
    for (const look of this.#looks) look();
    this.#try(this.#control.seeHead(result.controlHead));
    this.#try(this.#parts.epochs.look());
  }

  /** Asks Redis about runs that wrote nothing since the last beat: what others want of them comes with the answer. */
  #checkSilent(): void {
    const { hosted, queue } = this.#parts;
    for (const run of hosted.values()) {
      const position = run.log.head + run.number;
      if (this.#positions.get(run) === position) queue.check(run);
      this.#positions.set(run, position);
    }
  }

  /** Wakes may be lost, or what others know of this node. */
  #onMissed(): void {
    const { followers, hosted } = this.#parts;
    followers.look(0);
    this.#lookAtFacts([...hosted.values()]);
    this.#readings.repeat();
    for (const { owner, conversationId } of this.#watches) this.#try(this.#lookAtConversation(owner, conversationId));
    this.#try(this.#control.look());
  }

  async #lookAtConversation(owner: string, conversationId: string): Promise<void> {
    for (const run of await this.inProgress(owner, conversationId)) {
      if (run.host !== this.nodeId) this.#listener?.onCreated(run);
    }
  }

  /** The facts of runs that this node executes have changed. */
  #lookAtFacts(runs: readonly HostedRun[]): void {
    if (runs.length > 0) this.#try(this.#readFacts(runs));
  }

  async #readFacts(runs: readonly HostedRun[]): Promise<void> {
    const places = runs.map(({ base, key }): RunPlace => ({ base, run: key }));
    for (const { place, meta, host, facts, nodes, count } of await this.facts.look(places)) {
      if (host !== this.nodeId) continue;
      const hosted = this.#parts.hosted.get(place.run);
      // Before its first write, the engine may not know the run.
      const isKnown = hosted !== undefined && (hosted.log.head > 0 || hosted.number > 0);
      if (isKnown) hosted.facts = Math.max(hosted.facts, count);
      const gone = nodes.filter((id) => id !== this.nodeId && this.#members.isGone(id));
      for (const id of gone) this.#try(this.facts.dropReader(place, id));
      // This node is among them if it read the run before it took the run over: those clients go on reading that way.
      const readers = Object.entries(facts.readers ?? {}).filter(([id]) => !gone.includes(id));
      this.#listener?.onFacts(meta.owner, meta.id, { ...facts, readers: Object.fromEntries(readers) });
    }
  }

  /** Gives the engine a run that this node has become the host of; `undefined` if it was before, or the run is over. */
  #begin({ record, drafts }: Adopted): StoredRun | undefined {
    const { hosted, runs } = this.#parts;
    const { owner, id } = record.meta;
    if (hosted.get(runHash(owner, id)) !== undefined) return undefined;
    if (isFinal(record.state)) {
      // Its host wrote the last message, and nothing after it.
      runs.host({ ...record, state: 'running' }, '');
      runs.setState(owner, id, record.state);
      return undefined;
    }
    const run = runs.host(record, drafts);
    this.#listener?.onOrphan(run);
    this.#lookAtFacts([run]);
    return run;
  }

  async #onCreated(place: RunPlace): Promise<void> {
    const [looked] = await this.facts.look([place]);
    if (looked?.meta.conversationId === undefined) return;
    const { owner, id, conversationId } = looked.meta;
    if (looked.host === this.nodeId || !this.#watches.has(owner, conversationId)) return;
    const run = await this.#parts.runs.open(owner, id);
    if (run !== undefined) this.#listener?.onCreated(run);
  }

  #onHosted(key: string, then: (run: HostedRun) => void): void {
    const run = this.#parts.hosted.get(key);
    if (run !== undefined) then(run);
  }

  /** Waits for nothing: what fails is done again with a later beat. */
  #try(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#options.logger.debug({ err: error }, 'Redis did not answer a node'));
  }
}
