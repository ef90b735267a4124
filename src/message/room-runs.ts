import type { Connection } from '../connection/connection.js';
import type { MemberState } from '../protocol/room-fields.js';
import { RunStartedFrame } from '../reading/run-started-frame.js';
import type { Readers } from '../reading/readers.js';
import { memberIdOf } from '../room/member.js';
import { roomOf, roomOwner } from '../room/room-owner.js';
import type { RoomQuestion } from '../room/room-post.js';
import type { Rooms } from '../room/rooms.js';
import type { RunHandle } from '../run/run-handle.js';
import type { RunManager } from '../run/run-manager.js';
import type { Run } from '../run/run.js';
import { andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import type { Logger } from '../runtime/logger.js';
import { RemoteRuns } from './remote-runs.js';

/** A run in a room, as far as it shows what the agent does. */
interface Shown extends Pick<RunHandle, 'state'> {
  readonly hasText: boolean;
}

/** The runs in rooms: every member reads them, and sees what the agent does. */
export class RoomRuns {
  readonly #rooms: Rooms;
  readonly #runs: RunManager;
  readonly #readers: Readers;
  readonly #logger: Logger;
  /** Ends the notice of what each run writes. */
  readonly #offs = new Map<Run, () => void>();
  /** Runs in progress that this node does not execute. */
  readonly #remote: RemoteRuns;

  constructor(rooms: Rooms, runs: RunManager, readers: Readers, logger: Logger) {
    this.#rooms = rooms;
    this.#runs = runs;
    this.#readers = readers;
    this.#logger = logger;
    this.#remote = new RemoteRuns((room) => rooms.get(room)?.presence.schedule(), logger);
    rooms.agentState = (room) => agentState(this.#shownIn(room));
    rooms.onQuestion = (room, question) => this.#onQuestion(room, question);
    rooms.onShared = (room) => this.#onShared(room);
    runs.on('start', (run) => this.#onStart(run));
    runs.on('end', (run) => this.#onEnd(run));
  }

  /** The runs of a room in progress that are known here; those that this process executes first, in the order of their turns. */
  inProgress(room: string): readonly RunHandle[] {
    const here = this.#here(room);
    return [...here, ...this.#remoteIn(room, here).map(({ run }) => run)];
  }

  /** Informs a connection of a run in a room, unless it has left, and lets it read the run from its start. */
  introduce(connection: Connection, room: string, run: RunHandle): void {
    if (this.#rooms.joinedBy(connection).has(room)) this.#readers.show(connection, run);
  }

  /** Stops the runs of a principal in rooms that this node does not execute: no node does if they wait for workers. */
  revoke(principalId: string): void {
    for (const room of this.#remote.rooms) {
      const memberId = memberIdOf(room, principalId);
      for (const { run } of this.#remote.of(room)) {
        if (run.options.author?.memberId !== memberId) continue;
        this.#try(room, () => run.stop({ state: 'cancelled', reason: 'requested' }));
      }
    }
  }

  #here(room: string): readonly Run[] {
    return this.#runs.inProgressHere(roomOwner(room).id, room);
  }

  /** A run of another node may have become one of this node. */
  #remoteIn(room: string, here: readonly Run[]) {
    return this.#remote.of(room).filter(({ run }) => !here.some(({ id }) => id === run.id));
  }

  #shownIn(room: string): Shown[] {
    const here = this.#here(room);
    return [
      ...here.map(({ state, firstTextAt }) => ({ state, hasText: firstTextAt !== undefined })),
      ...this.#remoteIn(room, here).map(({ run, hasText }) => ({ state: run.state, hasText })),
    ];
  }

  #onStart(run: Run): void {
    const name = roomOf(run.meta.owner);
    if (name === undefined) return;
    this.#show(name, run, new RunStartedFrame(run));
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

  /** Shows a run that this node does not execute: of another one, a run may be over already. */
  #onQuestion(room: string, { runId, content, memberId, name }: RoomQuestion): void {
    if (this.#here(room).some(({ id }) => id === runId)) return;
    this.#try(room, () =>
      andThen(this.#runs.get(roomOwner(room), runId), (run) => {
        if (run === undefined) return;
        const { id, state, meta, log, approvals } = run;
        const options = { ...run.options, query: content, author: { memberId, name } };
        this.#show(room, run, new RunStartedFrame({ id, state, meta, options, log, approvals }));
        this.#remote.add(room, run);
      }),
    );
  }

  /** Finds the runs that were asked for before the room was opened here. */
  #onShared(room: string): void {
    this.#try(room, () =>
      andThen(this.#runs.inProgress(roomOwner(room).id, room), (runs) => {
        const here = new Set(this.#here(room).map(({ id }) => id));
        for (const run of runs) {
          if (here.has(run.id)) continue;
          this.#show(room, run, new RunStartedFrame(run));
          this.#remote.add(room, run);
        }
      }),
    );
  }

  #show(room: string, run: RunHandle, frame: RunStartedFrame): void {
    for (const { connection } of [...(this.#rooms.get(room)?.visitors ?? [])]) {
      this.#readers.show(connection, run, frame);
    }
  }

  #try(room: string, work: () => Awaitable<void>): void {
    void orElse(work, (error) =>
      this.#logger.error({ room, err: error }, 'A run in a room could not be looked up or stopped'),
    );
  }
}

/** What the agent does: the runs that wait for their turn do not count. */
function agentState(runs: readonly Shown[]): MemberState {
  const run = runs.find(({ state }) => state === 'running' || state === 'waiting_approval');
  if (run === undefined) return 'idle';
  if (run.state === 'waiting_approval') return 'waiting';
  return run.hasText ? 'streaming' : 'thinking';
}
