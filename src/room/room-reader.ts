import type { Connection } from '../connection/connection.js';
import type { WireEntry } from '../log/run-log.js';
import { LogReader } from '../reading/log-reader.js';
import type { Member } from './member.js';
import type { RoomLog } from '../store/room-store.js';
import type { Room } from './room.js';

/** Gets the events of a reader: its rooms. */
export interface RoomReaderOwner {
  onGone(reader: RoomReader): void;
  onFault(reader: RoomReader, error: unknown): void;
}

/** Where a connection begins to read a room. */
export interface RoomStart {
  readonly after: number;
  /** Whether the client has everything before; absent if it named no position. */
  readonly recovered?: boolean | undefined;
  readonly requestId?: string | undefined;
}

/** A connection in a room. */
export class RoomReader extends LogReader {
  readonly room: Room;
  readonly member: Member;
  readonly #owner: RoomReaderOwner;

  constructor(connection: Connection, room: Room, member: Member, owner: RoomReaderOwner) {
    super(connection, room.log, room.log.published);
    this.room = room;
    this.member = member;
    this.#owner = owner;
  }

  /** Tells the client where it begins to read, and sends everything after that. */
  begin({ after, recovered, requestId }: RoomStart): void {
    const { name, log } = this.room;
    this.position = after;
    this.connection.sendMessage({
      type: 'room_joined',
      timestamp: this.connection.timestamp(),
      room: name,
      epoch: log.epoch,
      after,
      head: log.published,
      recovered,
      member_id: this.member.id,
      request_id: requestId,
    });
    this.pump();
  }

  /** Stops reading. */
  end(): void {
    this.over = true;
    this.connection.removeReader(this);
  }

  override onWritable(): void {
    this.pump();
    this.room.presence.onWritable(this);
  }

  override onDisconnected(): void {
    if (this.over) return;
    this.over = true;
    this.#owner.onGone(this);
  }

  protected override deliver(entries: readonly WireEntry[]): void {
    // What the log dropped before a slow client had it would be a gap that nobody sees.
    const next = entries[0]?.seq ?? this.room.log.first;
    if (next > this.position + 1) return this.begin({ after: next - 1, recovered: false });
    for (const entry of entries) {
      if (!this.connection.isWritable) return;
      this.position = entry.seq;
      this.connection.write(this.room.encodedOf(entry));
    }
  }

  protected override onFault(error: unknown): void {
    this.#owner.onFault(this, error);
  }
}

/** Where a client begins to read: where it was, if the log has all that followed, or at the oldest event. */
export function startOf(log: RoomLog, { after, epoch }: { after?: number | undefined; epoch?: string | undefined }) {
  const oldest = log.first - 1;
  if (after === undefined) return { after: oldest };
  const isWhole = epoch === log.epoch && after >= oldest && after <= log.published;
  return isWhole ? { after, recovered: true } : { after: oldest, recovered: false };
}
