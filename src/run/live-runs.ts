import { ConversationLine } from './conversation-line.js';
import { conversationKey } from '../store/conversation-store.js';
import type { RunHandle } from './run-handle.js';
import { runKey } from '../store/run-key.js';
import type { RunMeta } from '../store/run-store.js';
import type { Run } from './run.js';

/** A place among the runs in progress, taken before the id of its run is claimed: that may take a store a while. */
export interface Place {
  readonly meta: RunMeta;
  /** What is held for it until its run is there, in bytes. */
  readonly bytes: number;
  run?: Run;
  /** How the run begins where it has to wait: called at its turn. */
  begin?: () => void;
  /** A later request takes its turn: the run is stopped as soon as it is there. */
  isReplaced: boolean;
}

/** The runs in progress, what they hold, and whose turn it is in each conversation. */
export class LiveRuns implements Iterable<Run> {
  /** What they hold together, in bytes. */
  bytes = 0;
  readonly #byKey = new Map<string, Run>();
  /** Over, but for the commit of their ends. */
  readonly #closing = new Map<string, Run>();
  readonly #line = new ConversationLine<Place>();
  /** Places of the runs in line. */
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

  /** Takes a place at the end of the line of its conversation, and `bytes` of what all may hold. */
  reserve(meta: RunMeta, bytes = 0): Place {
    const place: Place = { meta, bytes, isReplaced: false };
    this.bytes += bytes;
    const { owner, conversationId } = meta;
    if (conversationId !== undefined) this.#line.join(conversationKey(owner, conversationId), place);
    return place;
  }

  /** The id could not be claimed: whoever is behind the place moves up. */
  giveUp(place: Place): void {
    this.bytes -= place.bytes;
    this.#leaveLine(place);
  }

  /** Puts a run in its place. */
  enter(place: Place, run: Run): void {
    const { owner, id, conversationId } = run.meta;
    place.run = run;
    this.#byKey.set(runKey(owner, id), run);
    this.bytes += run.heldBytes - place.bytes;
    if (conversationId !== undefined) this.#places.set(run, place);
  }

  /**
   * Takes away a run that is over, and begins the one whose turn it is now. Where the log of a run may lose its end, it
   * can be found until the end is published: its readers are told then.
   * @returns whether it was there.
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
    if (place !== undefined) this.#leaveLine(place);
    return wasHere;
  }

  /** Forgets the runs whose ends are published, or never will be. */
  sweep(): void {
    for (const [key, run] of this.#closing) if (!run.mayLoseItsEnd) this.#closing.delete(key);
  }

  /** Takes away a run that is not over. It keeps its turn: whoever is behind it is the next process's as well. */
  setAside({ meta: { owner, id } }: Run): void {
    this.#byKey.delete(runKey(owner, id));
  }

  /** Everything in progress or in line in a conversation, the one whose turn it is first. */
  lineOf(owner: string, conversationId: string | undefined): readonly Place[] {
    return conversationId === undefined ? NOBODY : this.#line.of(conversationKey(owner, conversationId));
  }

  /** The runs of a conversation, the one whose turn it is first. */
  ofConversation(owner: string, conversationId: string): readonly Run[] {
    return this.lineOf(owner, conversationId).flatMap(({ run }) => run ?? []);
  }

  /** Those of its conversation that end before this one starts. */
  before(place: Place): readonly Place[] {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return NOBODY;
    const key = conversationKey(owner, conversationId);
    return this.#line.of(key).slice(0, this.#line.placeOf(key, place));
  }

  /** How many runs of its conversation end before this one starts; 0 where it waits for none. */
  placeOf(run: RunHandle): number {
    const place = this.#places.get(run);
    return place === undefined ? 0 : this.before(place).length;
  }

  #leaveLine(place: Place): void {
    const { owner, conversationId } = place.meta;
    if (conversationId === undefined) return;
    this.#line.leave(conversationKey(owner, conversationId), place)?.begin?.();
  }
}

const NOBODY: readonly Place[] = [];
