import type { MemberState } from '../protocol/room-fields.js';
import type { AgentClientError } from './client-error.js';
import type { ClientRun } from './client-run.js';
import type { HistoryPage } from './history.js';
import type { PageOptions, QueryOptions, RequestOptions } from './run-options.js';
import type { RunKind } from './run-event.js';
import type { StartedRun } from './watches.js';

/** Somebody in a room. All connections of a person are one member. */
export interface RoomMember {
  readonly memberId: string;
  readonly name: string;
  /** Data that the member shows to others. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly state: MemberState;
}

/** Something that was said in a room. */
export interface RoomMessage {
  /** Its place in the room, from 1 without holes. */
  readonly seq: number;
  readonly messageId: string;
  /** Who said it; absent if the server did. */
  readonly from?: { readonly memberId: string; readonly name: string } | undefined;
  /** Text; the question if there is a `run`. */
  readonly content?: string | undefined;
  readonly data?: unknown;
  /** The run that answers this question: see {@link ClientRoom.resume}. */
  readonly run?: { readonly runId: string; readonly kind: RunKind } | undefined;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** How a client joins a room. */
export interface JoinOptions {
  /** The name that others see, unless the server knows the name of the client's principal. */
  readonly name?: string | undefined;
  /** Data that others see: at most 1 KiB of JSON. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** The `seq` of the last message that is already known, together with the `epoch` of the room then. */
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
}

/** What is published in a room. */
export interface RoomPost {
  readonly content?: string | undefined;
  /** Any JSON. */
  readonly data?: unknown;
}

/** The state of a room: `joining` also during a loss of the connection. */
export type RoomState = 'joining' | 'joined' | 'left';

/** The events of a room, by name. */
export interface ClientRoomEvents {
  readonly state: RoomState;
  /** The next message, in order and once. */
  readonly message: RoomMessage;
  /** Messages were dropped before this client had them: earlier ones are void, and all that is kept follows. */
  readonly lost: undefined;
  /** Members or the agent changed; the room has the new lists. */
  readonly presence: readonly RoomMember[];
  /** A run that this client does not read already began in the room. */
  readonly run: StartedRun;
  /** The client is not in the room: it cannot join, the server took it out, or the client gave up connecting. */
  readonly error: AgentClientError;
}

/** Options of a question in a room. */
export type RoomQueryOptions = Omit<QueryOptions, 'conversationId'>;

/**
 * A room, by its name. The client joins it again after a loss, and gets every message once and in order, or the event
 * `lost`.
 */
export interface ClientRoom {
  readonly name: string;
  readonly state: RoomState;
  /** Which member this client is, once it has joined. */
  readonly memberId: string | undefined;
  /** Who is there. A new array after every change. */
  readonly members: readonly RoomMember[];
  /** What the agent of the room does. */
  readonly agent: MemberState;
  /** The `seq` of the last message, for `after` of a later {@link join}. */
  readonly seq: number;
  /** Identity of the log that `seq` belongs to. */
  readonly epoch: string | undefined;
  /** Joins the room, now or once connected. Resolves when joined; rejects if the server refuses. */
  join(options?: JoinOptions): Promise<void>;
  /** Leaves the room. */
  leave(): void;
  /**
   * Says something. Resolves when the room has the message, and gives its `seq`. A message whose answer is lost with the
   * connection is sent again and counts once.
   */
  publish(post: string | RoomPost, options?: RequestOptions): Promise<number>;
  /** Shows what this member does. `typing` ends after 6 s unless it is set again. */
  setState(state: MemberState): void;
  /** Replaces the data that others see. */
  setData(data: Readonly<Record<string, unknown>>): void;
  /** Asks the agent; every member sees question and answer, which comes in one piece. */
  ask(query: string, options?: RoomQueryOptions): ClientRun;
  /** Asks the agent; every member sees question and answer while it is written. */
  stream(query: string, options?: RoomQueryOptions): ClientRun;
  /** Reads a run of the room from its start, as long as the server keeps it. */
  resume(runId: string): ClientRun;
  /** The conversation with the agent: the newest questions and answers, or those before one of them. */
  history(options?: PageOptions): Promise<HistoryPage>;
  /** Calls `listener` at every event of this name. Returns a function that removes the listener. */
  on<Name extends keyof ClientRoomEvents>(name: Name, listener: (event: ClientRoomEvents[Name]) => void): () => void;
}
