import { RunQueue } from './run-queue.js';
import { conversationKey } from '../store/conversation-store.js';
import type { RunHandle } from './run-handle.js';
import { runKey } from '../store/run-key.js';
import type { RunMeta } from '../store/run-store.js';
import type { Run } from './run.js';

/** A place among the runs in progress, taken before the store claims the id of the run, which may take a while. */
export interface Place {
  readonly meta: RunMeta;
  /** What is held for it until its run is created, in bytes. */
  readonly bytes: number;
  run?: Run;
  /** The run may start as soon as it has its turn. */
  isReady: boolean;
  /** A later request takes its turn: the run is stopped as soon as it starts. */
  isReplaced: boolean;
}

/** The runs in progress: what they hold, and which one has its turn in each conversation. */
export class LiveRuns implements Iterable<Run> {
  /** What they hold together, in bytes. */
  bytes = 0;
  readonly #byKey = new Map<string, Run>();
  /** Runs that are over, whose ends are not committed yet. */
  readonly #closing = new Map<string, Run>();
  readonly #queue = new RunQueue<Place>();
  readonly #places = new WeakMap<RunHandle, Place>();
  /** Claims that are not decided yet, by the key of the run. */
  readonly #claims = new Map<string, Promise<unknown>>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Whether there is no run, and none about to be. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0 && this.#claims.size === 0;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#byKey.values();
  }

  /** The run in progress, or the one whose end may still be lost. */
  get(owner: string, id: string): Run | undefined {
    const key = runKey(owner, id);
    const run = this.#byKey.get(key);
    if (run !== undefined || this.#closing.size === 0) return run;
    const closing = this.#closing.get(key);
    return closing?.mayLoseItsEnd === true ? closing : undefined;
  }

  /** The claim of this id that is not decided yet. It never rejects. */
  claimOf(owner: string, id: string): Promise<unknown> | undefined {
    return this.#claims.size === 0 ? undefined : this.#claims.get(runKey(owner, id));
  }

  /** Remembers a claim until it is decided, and calls `then`. */
  awaitClaim({ owner, id }: RunMeta, claim: Promise<unknown>, then: () => void): void {
    const key = runKey(owner, id);
    const forget = (): void => {
      this.#claims.delete(key);
      then();
    };
    this.#claims.set(key, claim.then(forget, forget));
  }

  /** Takes a place at the end of the queue of its conversation, and `bytes` of what all runs may hold. */
  reserve(meta: RunMeta, bytes = 0): Place {
    const place: Place = { meta, bytes, isReady: false, isReplaced: false };
    this.bytes += bytes;
    const { owner, conversationId } = meta;
    if (conversationId !== undefined) this.#queue.join(conversationKey(owner, conversationId), place);
    return place;
  }

  /** The id could not be claimed: the places behind this one move up. */
  giveUp(place: Place): void {
    this.bytes -= place.bytes;
    this.#leaveQueue(place);
  }

  /** Puts a run in its place. */
  enter(place: Place, run: Run): void {
    const { owner, id } = run.meta;
    place.run = run;
    this.#byKey.set(runKey(owner, id), run);
    this.bytes += run.heldBytes - place.bytes;
    this.#places.set(run, place);
  }

  /**
   * Removes a run that is over, and starts the one whose turn it is now. If the log of the run may lose its end, the run
   * can be found until the end is published, so that its readers are told of the loss.
   * @returns whether the run was in progress.
   */
  leave(run: Run): boolean {
    const { owner, id } = run.meta;
    const key = runKey(owner, id);
    const wasHere = this.#byKey.delete(key);
    if (wasHere) {
      this.bytes -= run.heldBytes;
      if (run.mayLoseItsEnd) this.#closing.set(key, run);
    }
    const place = this.#places.get(run);
    if (place !== undefined) this.#leaveQueue(place);
    return wasHere;
  }

  /** Forgets the runs whose ends are published, or never will be. */
  sweep(): void {
    for (const [key, run] of this.#closing) if (!run.mayLoseItsEnd) this.#closing.delete(key);
  }

  /** Removes a run that is not over. It keeps its turn: the runs behind it are left to the next process as well. */
  setAside({ meta: { owner, id } }: Run): void {
    this.#byKey.delete(runKey(owner, id));
  }

  /** The places of a conversation, the one whose turn it is first. */
  queueOf(owner: string, conversationId: string | undefined): readonly Place[] {
    return conversationId === undefined ? NONE : this.#queue.of(conversationKey(owner, conversationId));
  }

  /** The runs of a conversation, the one whose turn it is first. */
  ofConversation(owner: string, conversationId: string): readonly Run[] {
    return this.queueOf(owner, conversationId).flatMap(({ run }) => run ?? []);
  }

  /** The places of its conversation that end before this one starts. */
  before(place: Place): readonly Place[] {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return NONE;
    const key = conversationKey(owner, conversationId);
    return this.#queue.of(key).slice(0, this.#queue.placeOf(key, place));
  }

  /** Lets a run start when it has its turn. Returns `false` if that was said before. */
  ready(run: Run): boolean {
    const place = this.#places.get(run);
    if (place === undefined || place.isReady) return false;
    return (place.isReady = true);
  }

  /** Whether a later request took the turn of this run. */
  isReplaced(run: Run): boolean {
    return this.#places.get(run)?.isReplaced === true;
  }

  /** How many runs of its conversation end before this one starts; 0 if it waits for none. */
  positionOf(run: RunHandle): number {
    const place = this.#places.get(run);
    return place === undefined ? 0 : this.before(place).length;
  }

  #leaveQueue(place: Place): void {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return;
    const next = this.#queue.leave(conversationKey(owner, conversationId), place);
    if (next?.isReady === true) next.run?.start();
  }
}

const NONE: readonly Place[] = [];
