import { RunQueue } from './run-queue.js';
import { conversationKey } from '../store/conversation-store.js';
import type { CancelReason } from '../protocol/server-messages.js';
import { runKey } from '../store/run-key.js';
import type { RunMeta } from '../store/run-store.js';
import type { RunShares, SharesOfRun } from './run-shares.js';
import type { Run } from './run.js';

/** A place among the runs in progress, taken before the store claims the id of the run, which may take a while. */
export interface Place {
  readonly meta: RunMeta;
  /** Memory that is reserved until the run is created, in bytes. */
  readonly bytes: number;
  /** The shares in which the run counts. */
  readonly shares: SharesOfRun;
  run: Run | undefined;
  /** Whether the run may start in its turn. */
  isReady: boolean;
  /** Why the run is stopped as soon as it starts: a later request takes its turn, or a cancel came before it. */
  stop: CancelReason | undefined;
  /** How many runs of the conversation on all nodes end before this one starts; `undefined` without a cluster. */
  position: number | undefined;
}

/** The runs in progress: the memory they hold, and the queue of each conversation. */
export class LiveRuns implements Iterable<Run> {
  readonly #shares: RunShares;
  #bytes = 0;
  /**
   * Places, not runs: a `Map` that grows and shrinks leaves old tables behind, each of which refers to the next. The
   * garbage collector takes such a chain for alive until a full collection, and with it all that the tables hold. A place
   * lets its run go at the end.
   */
  readonly #byKey = new Map<string, Place>();
  /** Ended runs whose ends are not committed yet. */
  readonly #closing = new Map<string, Run>();
  readonly #queue = new RunQueue<Place>();
  /** Claims in progress, by the key of the run. */
  readonly #claims = new Map<string, Promise<unknown>>();

  constructor(shares: RunShares) {
    this.#shares = shares;
  }

  /** Memory that all runs hold, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Whether there is neither a run nor a place. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0 && this.#claims.size === 0;
  }

  *[Symbol.iterator](): IterableIterator<Run> {
    for (const { run } of this.#byKey.values()) if (run !== undefined) yield run;
  }

  /** The runs in progress, and those whose ends may still be lost. */
  *known(): IterableIterator<Run> {
    yield* this;
    for (const run of this.#closing.values()) if (run.mayLoseItsEnd) yield run;
  }

  /** The run in progress, or a run whose end may still be lost. */
  get(owner: string, id: string): Run | undefined {
    const key = runKey(owner, id);
    const run = this.#byKey.get(key)?.run;
    if (run !== undefined || this.#closing.size === 0) return run;
    const closing = this.#closing.get(key);
    return closing?.mayLoseItsEnd === true ? closing : undefined;
  }

  /** The claim of this id that is in progress. The promise never rejects. */
  claimOf(owner: string, id: string): Promise<unknown> | undefined {
    return this.#claims.size === 0 ? undefined : this.#claims.get(runKey(owner, id));
  }

  /** Remembers a claim until it settles, and then calls `then`. */
  awaitClaim({ owner, id }: RunMeta, claim: Promise<unknown>, then: () => void): void {
    const key = runKey(owner, id);
    const forget = (): void => {
      this.#claims.delete(key);
      then();
    };
    this.#claims.set(key, claim.then(forget, forget));
  }

  /** The shares of a request by this owner from this address. */
  sharesOf(owner: string, remoteAddress?: string): SharesOfRun {
    return this.#shares.find(owner, remoteAddress);
  }

  /** @throws AgentSocketError `too_many_runs` if one more run of this size exceeds a share. */
  checkShares(shares: SharesOfRun, bytes: number): void {
    this.#shares.check(shares, bytes);
  }

  /** Takes a place at the end of the queue of the conversation, and reserves `bytes` of memory. */
  reserve(meta: RunMeta, bytes = 0, shares = this.sharesOf(meta.owner)): Place {
    const place: Place = { meta, bytes, shares, run: undefined, isReady: false, stop: undefined, position: undefined };
    this.#shares.enter(shares);
    this.hold(shares, bytes);
    const { owner, conversationId } = meta;
    if (conversationId !== undefined) this.#queue.join(conversationKey(owner, conversationId), place);
    return place;
  }

  /** Gives up a place, since its id could not be claimed: later places move up. */
  giveUp(place: Place): void {
    this.#release(place, place.bytes);
    this.#leaveQueue(place);
  }

  /** Counts memory in all runs, and in the shares of the run that holds it. */
  hold(shares: SharesOfRun, bytes: number): void {
    this.#bytes += bytes;
    for (const share of shares) share.bytes += bytes;
  }

  /** Puts a run into its place. */
  enter(place: Place, run: Run): void {
    place.run = run;
    run.shares = place.shares;
    this.#byKey.set(run.key, place);
    this.hold(place.shares, run.heldBytes - place.bytes);
  }

  /**
   * Removes a run that is over, and starts the next run of the queue. If the end of the run may still be lost, `get`
   * finds the run until the end is published, so that its readers can be informed of the loss.
   * @returns whether the run was in progress.
   */
  leave(run: Run): boolean {
    const place = this.#placeOf(run);
    if (place === undefined) return false;
    this.#byKey.delete(run.key);
    this.#release(place, run.heldBytes);
    if (run.mayLoseItsEnd) this.#closing.set(run.key, run);
    place.run = undefined;
    this.#leaveQueue(place);
    return true;
  }

  /** Forgets runs whose ends are published or will never be. */
  sweep(): void {
    for (const [key, run] of this.#closing) if (!run.mayLoseItsEnd) this.#closing.delete(key);
  }

  /**
   * Removes an unfinished run from memory. It keeps its turn: later runs of the queue are left to the next process,
   * too.
   */
  setAside({ key }: Run): void {
    this.#byKey.delete(key);
  }

  /** The places of a conversation, in the order of the queue. */
  queueOf(owner: string, conversationId: string | undefined): readonly Place[] {
    return conversationId === undefined ? NONE : this.#queue.of(conversationKey(owner, conversationId));
  }

  /** The runs of a conversation, in the order of the queue. */
  ofConversation(owner: string, conversationId: string): readonly Run[] {
    return this.queueOf(owner, conversationId).flatMap(({ run }) => run ?? []);
  }

  /** The places before this one in the queue of the conversation. */
  before(place: Place): readonly Place[] {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return NONE;
    const key = conversationKey(owner, conversationId);
    return this.#queue.of(key).slice(0, this.#queue.placeOf(key, place));
  }

  /** Lets a run start in its turn. Returns `false` if this was called before. */
  ready(run: Run): boolean {
    const place = this.#placeOf(run);
    if (place === undefined || place.isReady) return false;
    return (place.isReady = true);
  }

  /** Why the run is to be stopped as it starts. */
  stopOf(run: Run): CancelReason | undefined {
    return this.#placeOf(run)?.stop;
  }

  /** Notes that no run of another node is before this one. Returns whether the run is to start. */
  turn(run: Run): boolean {
    const place = this.#placeOf(run);
    if (place === undefined) return false;
    place.position = 0;
    return place.isReady;
  }

  /** Forgets a run that another node has taken over. */
  drop(run: Run): void {
    const place = this.#placeOf(run);
    this.#closing.delete(run.key);
    if (place === undefined) return;
    this.#byKey.delete(run.key);
    this.#release(place, run.heldBytes);
    place.run = undefined;
    this.#leaveQueue(place);
  }

  /** How many runs of its conversation end before this one starts; 0 if it waits for none. */
  positionOf(run: Run): number {
    const place = this.#placeOf(run);
    return place === undefined ? 0 : (place.position ?? this.before(place).length);
  }

  /** The place of a run in progress. */
  #placeOf(run: Run): Place | undefined {
    const place = this.#byKey.get(run.key);
    return place?.run === run ? place : undefined;
  }

  #release({ shares }: Place, bytes: number): void {
    this.hold(shares, -bytes);
    this.#shares.leave(shares);
  }

  #leaveQueue(place: Place): void {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return;
    const next = this.#queue.leave(conversationKey(owner, conversationId), place);
    if (next?.isReady === true && (next.position ?? 0) === 0) next.run?.start();
  }
}

const NONE: readonly Place[] = [];
