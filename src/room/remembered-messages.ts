import { BoundedMap } from '../runtime/bounded-map.js';
import type { Awaitable } from '../runtime/awaitable.js';

/** Maximum number of messages that a room recognizes if they come again. */
const MAX_MESSAGES = 1_000;
/** Maximum number of closed rooms that still do. */
const MAX_ROOMS = 64;

/** Where the newest messages of a room are in its log, by {@link eventKey}. */
export type KnownMessages = Map<string, Awaitable<number>>;

/**
 * What rooms that were closed knew of their messages. A client whose connection is lost repeats what was not answered, and may
 * have been the last one in the room: its message may have been said, and even deleted from the log, before the room is
 * opened again.
 */
export class RememberedMessages {
  readonly #rooms = new BoundedMap<string, { readonly epoch: string; readonly known: KnownMessages }>(MAX_ROOMS);

  keep(name: string, epoch: string, known: KnownMessages | undefined): void {
    if (known !== undefined && known.size > 0) this.#rooms.set(name, { epoch, known });
  }

  /** What the room knew; nothing of one with another epoch, whose messages nobody has any more. */
  take(name: string, epoch: string): KnownMessages | undefined {
    const found = this.#rooms.get(name);
    this.#rooms.delete(name);
    return found?.epoch === epoch ? found.known : undefined;
  }
}

export function knownMessages(): KnownMessages {
  return new BoundedMap<string, Awaitable<number>>(MAX_MESSAGES);
}

/** By which a room recognizes a message: ids of different members are different messages. */
export function eventKey(memberId: string | undefined, messageId: string): string {
  return `${memberId ?? ''} ${messageId}`;
}
