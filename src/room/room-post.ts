import type { ServerMessageOf } from '../protocol/server-messages.js';

/** What is said in a room. */
export interface RoomPost {
  readonly content?: string | undefined;
  /** Any JSON. */
  readonly data?: unknown;
  /**
   * Identity of the message: a repeated one is not published again.
   * @default a new UUID
   */
  readonly messageId?: string | undefined;
}

/** Where a message is in its room. */
export interface PublishedMessage {
  readonly messageId: string;
  /** Its `seq` in the log of the room. */
  readonly seq: number;
}

/** A question to the agent of a room. */
export interface RoomQuestion {
  readonly runId: string;
  readonly content: string | undefined;
  /** Who asked. */
  readonly memberId: string;
  readonly name: string;
}

/** The run that answers an event. */
export type RunOfEvent = NonNullable<ServerMessageOf<'room_event'>['run']>;
