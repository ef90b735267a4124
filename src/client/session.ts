import type { KnownOptions } from '../runtime/unknown-option.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import type { AttachmentInput } from './attachments.js';
import { checkKnown } from './check-known.js';
import type { AgentClientEvents, Greeting } from './client-events.js';
import { AgentClientError, errorOf } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient, ResumeOptions } from './client.js';
import { Connection, type ConnectionState } from './connection.js';
import { createConversation, type Conversation } from './conversation.js';
import type { QueryRequest, RunRequest } from './delivery.js';
import { Emitter } from './emitter.js';
import { encode, tooBigError } from './frame.js';
import { attachmentsOf, conversationsOf, runsOf, type ConversationPage, type RunInfo } from './history.js';
import { uuid } from './ids.js';
import type { Settings } from './options.js';
import { Outbox } from './outbox.js';
import type { OwnMessage, OwnRequestOptions } from './own-message.js';
import { Renewal } from './renewal.js';
import { Requests } from './requests.js';
import {
  PAGE_OPTIONS,
  QUERY_OPTIONS,
  RUN_OPTIONS,
  type PageOptions,
  type QueryOptions,
  type RequestOptions,
  type RunOptions,
} from './run-options.js';
import type { ClientRoom } from './client-room.js';
import { Room } from './room.js';
import { Run } from './run.js';
import { Runs } from './runs.js';
import { Watches, type StartedRun } from './watches.js';
import type { Close } from './web-socket.js';
import { Wire } from './wire.js';

const RESUME_OPTIONS: KnownOptions<ResumeOptions> = { after: true, signal: true };

/** The client: connects its parts. */
export class Session implements AgentClient {
  readonly #events = new Emitter<AgentClientEvents>();
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #requests: Requests;
  readonly #runs: Runs;
  readonly #watches: Watches;
  readonly #rooms = new Map<string, Room>();
  readonly #wire: Wire;
  readonly #renewal: Renewal;
  #greeting: Greeting | undefined;
  #connecting: { readonly resolve: () => void; readonly reject: (error: AgentClientError) => void }[] = [];

  constructor(settings: Settings) {
    const onError = (error: AgentClientError): void => this.#events.emit('error', error);
    this.#connection = new Connection(settings, {
      state: (state) => this.#events.emit('state', state),
      up: (greeting) => this.#up(greeting),
      message: (message) => this.#message(message),
      down: (close, wasUp) => this.#down(close, wasUp),
      waiting: (attempt, delayMs) => this.#events.emit('reconnecting', { attempt, delayMs }),
      over: (error) => this.#over(error),
      error: onError,
    });
    this.#outbox = new Outbox(settings.maxQueued, {
      isOpen: () => this.#connection.isReady,
      knock: () => this.#connection.state !== 'waiting' && this.#connection.open(),
    });
    const wire = (this.#wire = new Wire(this.#connection, this.#outbox));
    this.#requests = new Requests(wire);
    this.#runs = new Runs(wire, onError);
    this.#renewal = new Renewal(settings, this.#requests, {
      connection: () => (this.#connection.isReady ? this.#greeting : undefined),
      refused: onError,
    });
    this.#watches = new Watches(wire, this.#requests, onError);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get greeting(): Greeting | undefined {
    return this.#greeting;
  }

  on<Name extends keyof AgentClientEvents>(name: Name, listener: (event: AgentClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  ask(query: string, options: QueryOptions = {}): ClientRun {
    return this.#query('agent_query', query, options);
  }

  stream(query: string, options: QueryOptions = {}): ClientRun {
    return this.#query('streaming_query', query, options);
  }

  callTool(toolName: string, params: Readonly<Record<string, unknown>> = {}, options: RunOptions = {}): ClientRun {
    checkKnown(options, RUN_OPTIONS);
    const request = { type: 'tool_call', tool_name: toolName, params, ...common(options) } as const;
    return this.#start(request, options.signal);
  }

  resume(runId: string, options: ResumeOptions = {}): ClientRun {
    checkKnown(options, RESUME_OPTIONS);
    return this.#resume(runId, options);
  }

  room(name: string): ClientRoom {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = new Room(name, {
        wire: this.#wire,
        requests: this.#requests,
        connect: () => this.#open(),
        query: (type, query, options, inRoom) => this.#query(type, query, options, inRoom),
        resume: (runId, inRoom) => this.#resume(runId, {}, inRoom),
      });
      this.#rooms.set(name, room);
    }
    return room;
  }

  async listRuns({ signal }: RequestOptions = {}): Promise<readonly RunInfo[]> {
    return runsOf(await this.#requests.ask({ type: 'list_runs' }, 'runs', { isRepeatable: true, signal }));
  }

  conversation(id: string): Conversation {
    return createConversation(id, {
      requests: this.#requests,
      query: (type, query, options) => this.#query(type, query, options),
      watch: (conversationId, listener) => this.#watch(conversationId, listener),
    });
  }

  async listConversations(options: PageOptions = {}): Promise<ConversationPage> {
    checkKnown(options, PAGE_OPTIONS);
    const { limit, before, signal } = options;
    const message = { type: 'list_conversations', limit, before } as const;
    return conversationsOf(await this.#requests.ask(message, 'conversations', { isRepeatable: true, signal }));
  }

  send(message: OwnMessage, { signal }: RequestOptions = {}): Promise<void> {
    return this.#requests.tell(message, { isRepeatable: false, signal });
  }

  request(message: OwnMessage, { isRepeatable = false, signal }: OwnRequestOptions = {}): Promise<CustomMessage> {
    return this.#requests.askOwn(message, { isRepeatable, signal });
  }

  async ping({ signal }: RequestOptions = {}): Promise<number> {
    let sentAt = 0;
    const onSend = (): void => void (sentAt = performance.now());
    await this.#requests.ask({ type: 'ping' }, 'pong', { isRepeatable: true, signal, onSend });
    return performance.now() - sentAt;
  }

  connect(): Promise<void> {
    this.#outbox.isClosed = false;
    if (this.state === 'connected') return Promise.resolve();
    const connected = new Promise<void>((resolve, reject) => this.#connecting.push({ resolve, reject }));
    connected.catch(() => undefined);
    this.#connection.open();
    return connected;
  }

  close(): void {
    this.#outbox.isClosed = true;
    this.#connection.close();
  }

  #resume(runId: string, { after = 0, signal }: ResumeOptions, room?: string): ClientRun {
    const id = runId.toLowerCase();
    const known = this.#runs.get(id);
    if (known !== undefined && !known.isEnded) return obey(signal, known);
    const run = this.#newRun(id, after, room);
    this.#runs.read(run);
    return obey(signal, run);
  }

  #query(type: 'agent_query' | 'streaming_query', query: string, options: QueryOptions, room?: string): ClientRun {
    checkKnown(options, QUERY_OPTIONS);
    const { conversationId, replaceFrom, attachments, whenBusy, model, temperature, tools, signal } = options;
    return this.#start(
      {
        type,
        query,
        ...common(options),
        conversation_id: conversationId,
        room,
        replace_from: replaceFrom,
        when_busy: whenBusy,
        model,
        temperature,
        tools: tools === undefined ? undefined : [...tools],
      },
      signal,
      attachments,
    );
  }

  #start(request: RunRequest, signal: AbortSignal | undefined, attachments?: readonly AttachmentInput[]): ClientRun {
    const { run_id: runId } = request;
    const { room, conversation_id: place = room } = request as Partial<QueryRequest>;
    const fresh = this.#newRun(runId, 0, room);
    let text: string;
    try {
      text = encode(request);
    } catch (error) {
      fresh.end('failed', error as AgentClientError);
      return fresh;
    }
    const known = this.#runs.get(runId);
    // Attachments are not compared, since they may not have been read yet.
    if (known !== undefined && text !== (this.#runs.requestOf(runId) ?? text)) {
      const message = 'A run with this id is in progress and was asked for with other content';
      fresh.end('failed', new AgentClientError('run_id_conflict', message, { runId }));
      return fresh;
    }
    if (known?.isEnded === false) return obey(signal, known);
    if (known !== undefined) this.#runs.read(fresh);
    else if (signal?.aborted !== true) this.#runs.start(fresh, text, place, attachments);
    else fresh.end('cancelled', new AgentClientError('cancelled', 'The run was cancelled before it was sent'));
    return obey(signal, fresh);
  }

  #newRun(id: string, seq = 0, room?: string): Run {
    return new Run(
      id,
      {
        cancel: (run) => this.#runs.cancel(run),
        detach: (run) => this.#runs.detach(run),
        approve: (run, toolCallId, approved, reason) => this.#approve(run, toolCallId, approved, reason),
      },
      seq,
      room,
    );
  }

  #approve(run: Run, toolCallId: string, approved: boolean, reason: string | undefined): Promise<ApprovalOutcome> {
    const { id: run_id, room } = run;
    const message = { type: 'approval', run_id, tool_call_id: toolCallId, approved, reason, room } as const;
    // Repeatable, since the first decision counts.
    const decided = this.#requests
      .ask(message, 'approval_resolved', { isRepeatable: true })
      .then((reply) => ({ approved: reply.approved, by: reply.by, reason: reply.reason }));
    decided.catch(() => undefined);
    return decided;
  }

  #watch(conversationId: string, listener: (started: StartedRun) => void): () => void {
    const unwatch = this.#watches.add(conversationId, listener);
    this.#open();
    return unwatch;
  }

  /** Connects, since something waits for it. */
  #open(): void {
    if (!this.#outbox.isClosed && this.state !== 'waiting') this.#connection.open();
  }

  /** The rooms that this client is in, or wants to be in. */
  get #joined(): readonly Room[] {
    return [...this.#rooms.values()].filter(({ isWanted }) => isWanted);
  }

  #up(greeting: ServerMessageOf<'connected'>): void {
    const { connection_id, principal_id, epoch } = greeting;
    const isReconnect = this.#greeting !== undefined;
    const limits = greeting.limits.attachments;
    this.#greeting = {
      connectionId: connection_id,
      principalId: principal_id,
      epoch,
      nodeId: greeting.node_id,
      isReconnect,
      maxMessageBytes: greeting.limits.message_bytes,
      attachments: limits && {
        mediaTypes: limits.media_types,
        maxBytes: limits.max_bytes,
        maxCount: limits.max_count,
        urls: limits.urls,
      },
    };
    // First, since what follows may be about runs and messages of rooms.
    for (const room of this.#joined) room.up();
    this.#runs.up();
    this.#requests.up();
    this.#watches.up();
    this.#outbox.flush();
    for (const { resolve } of this.#connecting.splice(0)) resolve();
    this.#events.emit('connected', this.#greeting);
  }

  #message(received: ServerMessage | CustomMessage): void {
    // A message of a custom type matches no branch.
    const message = received as ServerMessage;
    if ('room' in message && message.type !== 'run_started' && message.type !== 'room_published') {
      this.#rooms.get(message.room)?.handle(message);
    }
    if (message.type === 'going_away') this.#connection.leaveBy(message.reconnect_after_ms);
    else if (message.type === 'run_started') this.#started(message);
    else if (message.type === 'auth_expiring') void this.#renewal.renew();
    else if (!this.#requests.handle(message) && !this.#runs.handle(message) && message.type === 'error') {
      // An error with a request id that nobody waits for is outdated.
      if (message.request_id === undefined) this.#events.emit('error', errorOf(message));
    }
    if (message.type === 'branch_selected') {
      this.#events.emit('branch-selected', { conversationId: message.conversation_id, messageId: message.message_id });
    }
    this.#events.emit('message', received);
  }

  #started(message: ServerMessageOf<'run_started'>): void {
    const { run_id, conversation_id: conversationId, kind, query, replace_from: replaceFrom, state } = message;
    if (this.#runs.get(run_id) !== undefined) return;
    const run = this.#newRun(run_id, 0, message.room);
    this.#runs.watched(run, message);
    run.moveTo(state);
    const attachments = attachmentsOf(message.attachments);
    const from = message.from && { memberId: message.from.member_id, name: message.from.name };
    const started: StartedRun = { run, conversationId, kind, query, attachments, replaceFrom, from };
    if (message.room !== undefined) this.#rooms.get(message.room)?.started(started);
    this.#watches.tell(started);
    this.#events.emit('run-started', started);
  }

  #down({ code, reason }: Close, wasUp: boolean): void {
    if (!wasUp) return;
    if (code === CLOSE_CODES.tooBig.code) this.#refuseBiggest();
    this.#runs.down();
    this.#requests.down();
    this.#watches.down();
    this.#renewal.down();
    for (const room of this.#joined) room.down();
    this.#events.emit('disconnected', { code, reason });
  }

  /** The server does not say which message was too big. The biggest of the unanswered messages was. */
  #refuseBiggest(): void {
    const [biggest] = [...this.#runs.unanswered, ...this.#requests.unanswered].sort((a, b) => b.size - a.size);
    biggest?.refuse(tooBigError());
  }

  #over(error: AgentClientError): void {
    this.#outbox.clear();
    this.#runs.fail(error);
    this.#requests.fail(error);
    for (const room of this.#joined) room.fail(error);
    for (const { reject } of this.#connecting.splice(0)) reject(error);
    if (error.code !== 'client_closed') this.#events.emit('error', error);
  }
}

/** Cancels the run when the signal aborts. */
function obey(signal: AbortSignal | undefined, run: Run): Run {
  if (signal === undefined || run.isEnded) return run;
  const abort = (): void => void run.cancel();
  if (signal.aborted) abort();
  else {
    const ended = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    void run.then(ended, ended);
  }
  return run;
}

function common({ runId, onDisconnect }: RunOptions) {
  return { run_id: runId?.toLowerCase() ?? uuid(), on_disconnect: onDisconnect };
}
