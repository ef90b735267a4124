import type { Connection } from '../connection/connection.js';
import type { MemberState } from '../protocol/room-fields.js';
import { RunStartedFrame } from '../reading/run-started-frame.js';
import type { Readers } from '../reading/readers.js';
import { roomOf, roomOwner } from '../room/room-owner.js';
import type { Rooms } from '../room/rooms.js';
import type { RunManager } from '../run/run-manager.js';
import type { Run } from '../run/run.js';

/** The runs in rooms: every member reads them, and sees what the agent does. */
export class RoomRuns {
  readonly #rooms: Rooms;
  readonly #runs: RunManager;
  readonly #readers: Readers;
  /** Ends the notice of what each run writes. */
  readonly #offs = new Map<Run, () => void>();

  constructor(rooms: Rooms, runs: RunManager, readers: Readers) {
    this.#rooms = rooms;
    this.#runs = runs;
    this.#readers = readers;
    rooms.agentState = (room) => agentState(this.inProgress(room));
    runs.on('start', (run) => this.#onStart(run));
    runs.on('end', (run) => this.#onEnd(run));
  }

  /** The runs of a room that this process executes, in the order of their turns. */
  inProgress(room: string): readonly Run[] {
    return this.#runs.inProgressHere(roomOwner(room).id, room);
  }

  /** Informs a connection of a run in a room, unless it has left, and lets it read the run from its start. */
  introduce(connection: Connection, room: string, run: Run): void {
    if (this.#rooms.has(connection, room)) this.#readers.show(connection, run);
  }

  #onStart(run: Run): void {
    const name = roomOf(run.meta.owner);
    if (name === undefined) return;
    const frame = new RunStartedFrame(run);
    for (const { connection } of [...(this.#rooms.get(name)?.visitors ?? [])]) {
      this.#readers.show(connection, run, frame);
    }
    const touch = (): void => this.#rooms.get(name)?.presence.schedule();
    this.#offs.set(run, run.log.onPublished(touch));
    touch();
  }

  #onEnd(run: Run): void {
    this.#offs.get(run)?.();
    this.#offs.delete(run);
    const name = roomOf(run.meta.owner);
    if (name !== undefined) this.#rooms.get(name)?.presence.schedule();
  }
}

/** What the agent does: the runs that wait for their turn do not count. */
function agentState(runs: readonly Run[]): MemberState {
  const run = runs.find(({ state }) => state === 'running' || state === 'waiting_approval');
  if (run === undefined) return 'idle';
  if (run.state === 'waiting_approval') return 'waiting';
  return run.firstTextAt === undefined ? 'thinking' : 'streaming';
}
