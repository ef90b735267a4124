import { ROOM_PREFIX, type Principal } from '../connection/principal.js';

/** The owner of the runs and the conversation of a room: no principal has such an id. */
export function roomOwner(name: string): Principal {
  return { id: ROOM_PREFIX + name };
}

/** The room whose runs this owner has; `undefined` for a principal. */
export function roomOf(owner: string): string | undefined {
  return owner.startsWith(ROOM_PREFIX) ? owner.slice(ROOM_PREFIX.length) : undefined;
}
