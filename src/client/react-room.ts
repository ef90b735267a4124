import type { MemberState } from '../protocol/room-fields.js';
import type { AgentClientError } from './client-error.js';
import type { ClientRoom, JoinOptions, RoomMember, RoomMessage, RoomPost, RoomState } from './client-room.js';
import type { AgentClient } from './client.js';
import type { ClientRun } from './client-run.js';
import { Store } from './react-store.js';
import type { RequestOptions } from './run-options.js';

/** A run that a room shows. */
export interface RoomRun {
  readonly run: ClientRun;
  readonly query: string;
  /** Name of the member who asked. */
  readonly name: string | undefined;
}

/** What {@link useRoom} shows. */
export interface RoomView {
  readonly state: RoomState;
  /** What was said, oldest first: at most the newest 1,000. */
  readonly messages: readonly RoomMessage[];
  readonly members: readonly RoomMember[];
  /** What the agent does. */
  readonly agent: MemberState;
  /** The runs since the room is shown, oldest first, with their texts so far: at most the newest 100. */
  readonly runs: readonly RoomRun[];
  /** Which of the members this client is. */
  readonly memberId: string | undefined;
  /** Why the client is not in the room. */
  readonly error: AgentClientError | undefined;
}

const MAX_MESSAGES = 1_000;
const MAX_RUNS = 100;

/** How long a room that no component shows stays joined, in milliseconds: React mounts some components twice. */
const LINGER_MS = 100;

/** A room, and what was said since a component shows it. */
export class RoomStore extends Store<RoomView> {
  readonly room: ClientRoom;
  readonly #client: AgentClient;
  options: JoinOptions = {};
  #messages: readonly RoomMessage[] = [];
  #runs: readonly RoomRun[] = [];
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];
  #leaving: ReturnType<typeof setTimeout> | undefined;
  /** Whether a component joined the room, and not the app itself. */
  #isMine = false;
  /** Whether the client was in the room, or wanted to be, when it gave up connecting or was closed. */
  #isCut = false;

  constructor(client: AgentClient, name: string) {
    const room = client.room(name);
    super(viewOf(room, [], [], undefined));
    this.room = room;
    this.#client = client;
  }

  readonly publish = (post: string | RoomPost, options?: RequestOptions): Promise<number> =>
    this.room.publish(post, options);

  readonly typing = (isTyping = true): void => this.room.setState(isTyping ? 'typing' : 'idle');

  readonly send: ClientRoom['stream'] = (query, options) => {
    const run = this.room.stream(query, options);
    const me = this.room.members.find(({ memberId }) => memberId === this.room.memberId);
    this.#follow({ run, query, name: me?.name });
    return run;
  };

  protected override start(): void {
    clearTimeout(this.#leaving);
    if (this.#offs.length > 0) return;
    this.#offs = [
      this.room.on('message', (message) => {
        this.#messages = [...this.#messages, message].slice(-MAX_MESSAGES);
        this.grew();
      }),
      this.room.on('lost', () => {
        this.#messages = [];
        this.changed();
      }),
      this.room.on('state', (state) => {
        if (state === 'joined') this.#error = undefined;
        if (state === 'left') this.#isMine = false;
        this.#isCut = state === 'left' && this.#client.state === 'closed';
        this.changed();
      }),
      this.#client.on('connected', () => {
        if (this.#isCut) this.#join();
      }),
      this.room.on('presence', () => this.changed()),
      this.room.on('run', ({ run, query, from }) => this.#follow({ run, query, name: from?.name })),
      this.room.on('error', (error) => {
        this.#error = error;
        this.changed();
      }),
    ];
    this.#error = undefined;
    if (this.room.state === 'left') this.#join();
    this.changed();
  }

  protected override stop(): void {
    this.#leaving = setTimeout(() => {
      for (const off of this.#offs) off();
      this.#offs = [];
      if (this.#isMine) this.room.leave();
    }, LINGER_MS);
  }

  protected override look(): RoomView {
    return viewOf(this.room, this.#messages, this.#runs, this.#error);
  }

  #join(): void {
    this.#isMine = true;
    void this.room.join(this.options).catch(() => undefined);
  }

  #follow(shown: RoomRun): void {
    this.#runs = [...this.#runs, shown].slice(-MAX_RUNS);
    // A new array, so that components see what the run has gained.
    const grown = (): void => {
      this.#runs = [...this.#runs];
    };
    shown.run.subscribe(({ type }) => {
      grown();
      if (type === 'text' || type === 'reasoning') this.grew();
      else this.changed();
    });
    this.changed();
  }
}

function viewOf(
  { state, members, agent, memberId }: ClientRoom,
  messages: readonly RoomMessage[],
  runs: readonly RoomRun[],
  error: AgentClientError | undefined,
): RoomView {
  return { state, messages, members, agent, runs, memberId, error };
}
