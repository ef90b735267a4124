import type { MemberState } from '../protocol/room-fields.js';
import type { ServerMessageOf } from '../protocol/server-messages.js';
import { toldMs } from './backoff.js';
import { AgentClientError } from './client-error.js';
import type {
  ClientRoom,
  ClientRoomEvents,
  JoinOptions,
  RoomMember,
  RoomPost,
  RoomQueryOptions,
  RoomState,
} from './client-room.js';
import type { ClientRun } from './client-run.js';
import { Emitter } from './emitter.js';
import { historyOf, type HistoryPage } from './history.js';
import { uuid } from './ids.js';
import type { Requests } from './requests.js';
import type { PageOptions, RequestOptions } from './run-options.js';
import type { StartedRun } from './watches.js';
import type { Wire } from './wire.js';

/** Wait before another try to join if the server gives no time, and the minimum, in milliseconds. */
const RETRY_MS = 2_000;
const LEAST_MS = 100;

/** How long `typing` is shown, in milliseconds. */
const TYPING_MS = 6_000;

/** What a room needs of its client. */
export interface RoomPort {
  readonly wire: Wire;
  readonly requests: Requests;
  connect(): void;
  query(type: 'agent_query' | 'streaming_query', query: string, options: RoomQueryOptions, room: string): ClientRun;
  resume(runId: string, room: string): ClientRun;
}

/** A message of the server about a room. */
export type RoomFrame = ServerMessageOf<'room_joined' | 'room_left' | 'room_event' | 'presence'>;

/** A room across connections. */
export class Room implements ClientRoom {
  readonly name: string;
  readonly #port: RoomPort;
  readonly #events = new Emitter<ClientRoomEvents>();
  #state: RoomState = 'left';
  #options: JoinOptions = {};
  #memberId: string | undefined;
  #epoch: string | undefined;
  #seq: number | undefined;
  #members = new Map<string, RoomMember>();
  #list: readonly RoomMember[] = [];
  #agent: MemberState = 'idle';
  #mine: MemberState = 'idle';
  #typing: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** When the last `join` was sent. */
  #askedAt = -Infinity;
  #joining: PromiseWithResolvers | undefined;

  constructor(name: string, port: RoomPort) {
    this.name = name;
    this.#port = port;
  }

  get state(): RoomState {
    return this.#state;
  }

  get memberId(): string | undefined {
    return this.#memberId;
  }

  get members(): readonly RoomMember[] {
    return this.#list;
  }

  get agent(): MemberState {
    return this.#agent;
  }

  get seq(): number {
    return this.#seq ?? 0;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  on<Name extends keyof ClientRoomEvents>(name: Name, listener: (event: ClientRoomEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  join(options: JoinOptions = {}): Promise<void> {
    this.#options = options;
    this.#epoch = options.epoch ?? this.#epoch;
    this.#seq = options.after ?? this.#seq;
    this.#joining ??= withResolvers();
    const { promise } = this.#joining;
    this.#enter('joining');
    if (this.#port.wire.isUp) this.up();
    else this.#port.connect();
    return promise;
  }

  leave(): void {
    if (this.#state === 'left') return;
    const { wire } = this.#port;
    // With an id, so that the answer is not taken for a removal.
    if (wire.isUp) wire.send({ type: 'leave', room: this.name, request_id: wire.nextId() });
    this.#end(new AgentClientError('detached', 'This client left the room'));
  }

  async publish(post: string | RoomPost, { signal }: RequestOptions = {}): Promise<number> {
    const { content, data } = typeof post === 'string' ? { content: post } : post;
    const message = { type: 'room_message', room: this.name, content, data, message_id: uuid() } as const;
    return (await this.#port.requests.ask(message, 'room_published', { isRepeatable: true, signal })).position;
  }

  setState(state: MemberState): void {
    clearTimeout(this.#typing);
    if (state === 'typing') this.#typing = setTimeout(() => this.setState('idle'), TYPING_MS);
    if (state === this.#mine) return;
    this.#mine = state;
    this.#tell({ state });
  }

  setData(data: Readonly<Record<string, unknown>>): void {
    this.#options = { ...this.#options, data };
    this.#tell({ data: { ...data } });
  }

  ask(query: string, options: RoomQueryOptions = {}): ClientRun {
    return this.#port.query('agent_query', query, options, this.name);
  }

  stream(query: string, options: RoomQueryOptions = {}): ClientRun {
    return this.#port.query('streaming_query', query, options, this.name);
  }

  resume(runId: string): ClientRun {
    return this.#port.resume(runId, this.name);
  }

  async history({ limit, before, signal }: PageOptions = {}): Promise<HistoryPage> {
    const message = { type: 'history', conversation_id: this.name, limit, before, room: this.name } as const;
    return historyOf(await this.#port.requests.ask(message, 'history', { isRepeatable: true, signal }));
  }

  /** Whether the client is in the room, or wants to be. */
  get isWanted(): boolean {
    return this.#state !== 'left';
  }

  /** Joins over this connection, and goes on after the last message. */
  up(): void {
    clearTimeout(this.#retry);
    this.#askedAt = performance.now();
    this.#enter('joining');
    const { name, data } = this.#options;
    const position = this.#seq === undefined ? {} : { after: this.#seq, epoch: this.#epoch };
    const message = { type: 'join', room: this.name, name, data: data && { ...data }, ...position } as const;
    this.#port.requests
      .ask(message, 'room_joined', { isRepeatable: false })
      .catch((error: unknown) => this.#refused(error as AgentClientError));
  }

  /** Handles a lost connection. */
  down(): void {
    clearTimeout(this.#retry);
    this.#enter('joining');
  }

  /** Takes a message about the room. */
  handle(message: RoomFrame): void {
    // What was on its way when this client left.
    if (this.#state === 'left') return;
    switch (message.type) {
      case 'room_joined':
        return this.#joined(message);
      case 'room_left':
        if (message.request_id === undefined)
          this.fail(new AgentClientError('forbidden', 'The server took this client out of the room'));
        return;
      case 'room_event':
        return this.#said(message);
      case 'presence':
        return this.#present(message);
    }
  }

  started(run: StartedRun): void {
    this.#events.emit('run', run);
  }

  /** Ends the membership for this client, which did not ask for that. */
  fail(error: AgentClientError): void {
    this.#end(error);
    if (error.code !== 'client_closed') this.#events.emit('error', error);
  }

  #joined({ after, epoch, recovered, member_id: memberId }: ServerMessageOf<'room_joined'>): void {
    // An earlier join may have brought messages that the answer to a later one does not know of: they come again.
    const isLost = recovered === false || epoch !== (this.#epoch ?? epoch) || after > (this.#seq ?? after);
    this.#memberId = memberId;
    this.#epoch = epoch;
    this.#seq = isLost ? after : (this.#seq ?? after);
    this.#enter('joined');
    if (isLost) this.#events.emit('lost', undefined);
    if (this.#mine !== 'idle') this.#tell({ state: this.#mine });
    this.#joining?.resolve();
    this.#joining = undefined;
  }

  #said({ seq, message_id: messageId, from, content, data, run, created_at: at }: ServerMessageOf<'room_event'>): void {
    if (this.#state !== 'joined' || seq <= this.seq) return;
    if (seq !== this.seq + 1) return this.#upSoon();
    this.#seq = seq;
    this.#events.emit('message', {
      seq,
      messageId,
      from: from && { memberId: from.member_id, name: from.name },
      content,
      data,
      run: run && { runId: run.run_id, kind: run.kind },
      createdAt: at * 1_000,
    });
  }

  /** Joins again, since the server left a message out. A server that always does is asked ten times a second. */
  #upSoon(): void {
    const delayMs = this.#askedAt + LEAST_MS - performance.now();
    if (delayMs <= 0) return this.up();
    this.#enter('joining');
    this.#retry = setTimeout(() => this.up(), delayMs);
  }

  #present({ full, left = [], members, agent = 'idle' }: ServerMessageOf<'presence'>): void {
    if (full === true) this.#members.clear();
    for (const id of left) this.#members.delete(id);
    for (const { member_id: memberId, name, data, state = 'idle' } of members) {
      this.#members.set(memberId, { memberId, name, data, state });
    }
    this.#list = [...this.#members.values()];
    this.#agent = agent;
    this.#events.emit('presence', this.#list);
  }

  #refused(error: AgentClientError): void {
    // The next connection joins again.
    if (!this.#port.wire.isUp || this.#state !== 'joining') return;
    if (error.retryable) {
      this.#retry = setTimeout(() => this.up(), Math.max(toldMs(error.retryAfterMs, RETRY_MS), LEAST_MS));
      return;
    }
    this.fail(error);
  }

  #tell(change: { readonly state?: MemberState; readonly data?: Record<string, unknown> }): void {
    if (this.#state === 'joined') this.#port.wire.send({ type: 'presence', room: this.name, ...change });
  }

  #end(error: AgentClientError): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#typing);
    this.#mine = this.#agent = 'idle';
    this.#members.clear();
    this.#list = [];
    this.#enter('left');
    this.#joining?.reject(error);
    this.#joining = undefined;
  }

  #enter(state: RoomState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.emit('state', state);
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: AgentClientError): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  let reject!: (error: AgentClientError) => void;
  const promise = new Promise<void>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
