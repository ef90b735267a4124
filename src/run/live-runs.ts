import { ConversationLine } from '../conversation/conversation-line.js';
import { conversationKey } from '../conversation/conversation-store.js';
import { runKey } from './run-key.js';
import type { Run } from './run.js';

/** The runs in progress, what they hold, and whose turn it is in each conversation. */
export class LiveRuns implements Iterable<Run> {
  /** What they hold together, in bytes. */
  bytes = 0;
  readonly #byKey = new Map<string, Run>();
  readonly #line = new ConversationLine<Run>();
  /** How the runs in line begin. */
  readonly #begins = new WeakMap<Run, () => void>();

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#byKey.values();
  }

  get(owner: string, id: string): Run | undefined {
    return this.#byKey.get(runKey(owner, id));
  }

  /** Adds a run, at the end of the line of its conversation. `begin`, where it has to wait, is called at its turn. */
  enter(run: Run, begin?: () => void): void {
    const { owner, id, conversationId } = run.meta;
    this.#byKey.set(runKey(owner, id), run);
    this.bytes += run.heldBytes;
    if (conversationId !== undefined) this.#line.join(conversationKey(owner, conversationId), run);
    if (begin !== undefined) this.#begins.set(run, begin);
  }

  /** Takes away a run that is over, and begins the one whose turn it is now. */
  leave(run: Run): void {
    const { owner, id, conversationId } = run.meta;
    if (this.#byKey.delete(runKey(owner, id))) this.bytes -= run.heldBytes;
    if (conversationId === undefined) return;
    const next = this.#line.leave(conversationKey(owner, conversationId), run);
    if (next !== undefined) this.#begins.get(next)?.();
  }

  /** Takes away a run that is not over. It keeps its turn: whoever is behind it is the next process's as well. */
  setAside({ meta: { owner, id } }: Run): void {
    this.#byKey.delete(runKey(owner, id));
  }

  /** Those of a conversation, the one whose turn it is first. */
  ofConversation(owner: string, conversationId: string): readonly Run[] {
    return this.#line.of(conversationKey(owner, conversationId));
  }

  /** How many runs of its conversation end before this one starts; 0 where it waits for none. */
  placeOf(run: Run): number {
    const { owner, conversationId } = run.meta;
    return conversationId === undefined ? 0 : this.#line.placeOf(conversationKey(owner, conversationId), run);
  }
}
