import type { Connection } from '../connection/connection.js';
import { accountsOf, type Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { BoundedLog } from '../runtime/bounded-log.js';
import { checkOptions } from '../runtime/option-table.js';
import { fieldIssues, summary } from '../protocol/field-issues.js';
import { nearest } from '../protocol/nearest.js';
import { OptionError } from '../runtime/option-error.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import {
  clientMessages,
  CORE_REQUESTS,
  type ClientMessage,
  type ClientMessageType,
} from '../protocol/client-messages.js';
import { checkMessage, decodeFrame, type Envelope } from '../protocol/decode.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { jsonSchemaOf } from '../protocol/json-schema-of.js';
import { serverMessages } from '../protocol/server-messages.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { RunHandle } from '../run/run-handle.js';
import { Permissions } from '../permission/permissions.js';
import { Readers } from '../reading/readers.js';
import { CUSTOM_MESSAGE, type CustomMessageType } from './custom-message.js';
import type { Handler, HandlerContext } from './handler-context.js';
import { RoomRuns } from './room-runs.js';
import { MESSAGE_HANDLER_OPTIONS, type MessageHandlerOptions } from './message-handler-options.js';
import { endForbidden } from './end-forbidden.js';
import { LargeAnswers } from './large-answers.js';
import { RateLimiter } from './rate-limiter.js';
import { Unanswered } from './unanswered.js';
import { handlers } from './handlers/table.js';
import { questions, type Wish } from './questions.js';

/** What a message that reads or changes what is stored costs, in messages. */
const STORED_COST = 10;

/** Each further part of a message of this length counts as another message: a long one takes as long as many. */
const PART_LENGTH = 16_384;

/** Messages that read or change what is stored. */
const STORED: ReadonlySet<ClientMessageType> = new Set([
  'list_runs',
  'history',
  'attachment',
  'list_conversations',
  'update_conversation',
  'delete_conversation',
  'select_branch',
  'join',
]);

/** Events of a {@link MessageHandler}. */
export interface MessageEvents<P extends Principal, Metadata> {
  /** A message passed its schema and is about to be handled. */
  message: [connection: Connection<P, Metadata>, type: string];
  /**
   * A message was refused, or its handler failed; the client has got the error. `type` is absent if no message has this
   * type.
   */
  refused: [connection: Connection<P, Metadata>, error: AgentSocketError, type: string | undefined];
  /** A client goes on with a run; `isReset` if the client has to forget what it has of the run. */
  resumed: [connection: Connection<P, Metadata>, run: RunHandle, isReset: boolean];
}

/** Reads the messages of connections and hands each to the handler of its type. */
export class MessageHandler<P extends Principal = Principal, Metadata = unknown> extends TypedEmitter<
  MessageEvents<P, Metadata>
> {
  readonly #context: HandlerContext;
  readonly #limiter: RateLimiter;
  readonly #unanswered = new Unanswered();
  readonly #refusals: BoundedLog;
  readonly #custom = new Map<string, CustomMessageType<P, Metadata>>();

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: MessageHandlerOptions<P>) {
    // The type of the principal matters to embedders only.
    const checked = checkOptions(options as MessageHandlerOptions, MESSAGE_HANDLER_OPTIONS);
    const { runs, conversations, rooms, checkToken, maxRunsPerConnection, rateLimits, logger } = checked;
    super(logger);
    this.#refusals = new BoundedLog(logger);
    const limiter = (this.#limiter = new RateLimiter(rateLimits));
    runs.on('end', ({ usage, principal, shares, connectionId: id }) => {
      if (usage === undefined) return;
      const address = shares.find((share) => share.of === 'address')?.key;
      const { owner } = accountsOf(principal.id, undefined);
      limiter.spend({ id, accounts: { owner, address } }, usage.input_tokens + usage.output_tokens);
    });
    const readers = new Readers({ runs, maxRunsPerConnection, logger });
    this.#context = {
      runs,
      readers,
      conversations,
      answers: new LargeAnswers(),
      permissions: new Permissions(checked),
      rooms,
      roomRuns: rooms && new RoomRuns(rooms, runs, readers, logger),
      checkToken,
      onResumed: (connection, run, isReset) =>
        this.emit('resumed', connection as Connection<P, Metadata>, run, isReset),
    };
  }

  /**
   * Adds a message type of the embedder, made by `defineMessage`.
   * @throws OptionError if the type is empty or exists already, or the value is not a message type.
   */
  register(message: CustomMessageType<P, Metadata>): this {
    const { type } = checkOptions(message, CUSTOM_MESSAGE);
    if (
      type === '' ||
      Object.hasOwn(clientMessages, type) ||
      Object.hasOwn(serverMessages, type) ||
      this.#custom.has(type)
    ) {
      throw new OptionError('type', 'a message type that is not empty and not taken', type);
    }
    this.#custom.set(type, message);
    return this;
  }

  /** Whether the connection has not been sent everything of the runs that it reads. */
  isBehind(connection: Connection<P, Metadata>): boolean {
    return this.#context.readers.isBehind(connection);
  }

  /** Whether the connection reads a run, or has asked for one. */
  isReading(connection: Connection<P, Metadata>): boolean {
    return this.#context.readers.isReading(connection);
  }

  /**
   * Handles one received message: a string for a text frame, bytes for a binary one. Never throws and never rejects:
   * the client gets the error, and the connection stays open.
   */
  handleMessage(connection: Connection<P, Metadata>, data: string | Uint8Array): void {
    let envelope: Envelope | undefined;
    let tooOften: AgentSocketError | undefined;
    const more = Math.floor(data.length / PART_LENGTH);
    try {
      tooOften = this.#limiter.take(connection, 'messages');
      if (tooOften === undefined && more > 0) this.#limiter.charge(connection, 'messages', more);
      // Decoded all the same, since the refusal has the ids of the message.
      envelope = decodeFrame(data);
      if (tooOften !== undefined) throw tooOften;
      this.#unanswered.check(connection);
      const handled = this.#dispatch(connection, envelope);
      if (isLater(handled)) void this.#await(connection, handled, envelope);
    } catch (error) {
      if (tooOften === undefined) this.#refuse(connection, error, envelope);
      else this.#refuseOften(connection, tooOften, envelope, 1 + more);
    }
  }

  /** Ends what a connection reads and may read no more: call it when the connection has newer credentials. */
  recheck(connection: Connection<P, Metadata>): void {
    endForbidden(this.#context, connection);
  }

  /** Stops the runs of a principal in rooms that are not among the runs of this process. */
  revoke(principalId: string): void {
    this.#context.roomRuns?.revoke(principalId);
  }

  async #await(connection: Connection<P, Metadata>, handled: Promise<void>, envelope: Envelope): Promise<void> {
    this.#unanswered.add(connection);
    try {
      await handled;
    } catch (error) {
      this.#refuse(connection, error, envelope);
    } finally {
      this.#unanswered.remove(connection);
    }
  }

  #dispatch(connection: Connection<P, Metadata>, envelope: Envelope): Awaitable<void> {
    const { type } = envelope;
    if (isClientType(type)) {
      if (!connection.negotiated && !CORE_REQUESTS.has(type)) {
        throw new AgentSocketError('unknown_type', `"${type}" is for clients that negotiate ${SUBPROTOCOL}`);
      }
      const known = connection.negotiated || !('room' in envelope) ? envelope : { ...envelope, room: undefined };
      const message: ClientMessage = checkMessage(clientMessages[type], known);
      this.emit('message', connection, type);
      const tooOften = this.#count(connection, type);
      if (tooOften !== undefined) return this.#refuseOften(connection, tooOften, envelope);
      const { recovering } = this.#context.runs;
      if (recovering === undefined || type === 'ping') return this.#handle(connection, type, message);
      return recovering.then(() => this.#handle(connection, type, message));
    }
    const custom = this.#custom.get(type);
    if (custom !== undefined) return this.#dispatchCustom(connection, envelope, custom);
    throw unknownType(type);
  }

  /** Counts a message by its type. Returns the refusal if there are too many. */
  #count(connection: Connection, type: ClientMessageType): AgentSocketError | undefined {
    const limiter = this.#limiter;
    if (type === 'agent_query' || type === 'streaming_query') {
      return limiter.take(connection, 'queries') ?? limiter.outOfTokens(connection);
    }
    if (type === 'tool_call') return limiter.take(connection, 'toolCalls');
    if (STORED.has(type)) limiter.charge(connection, 'messages', STORED_COST - 1);
    return undefined;
  }

  /** Refuses a message that came too often, and closes a connection that goes on all the same. */
  #refuseOften(
    connection: Connection<P, Metadata>,
    error: AgentSocketError,
    envelope: Envelope | undefined,
    amount = 1,
  ): void {
    if (!this.#limiter.isRepeated(connection, amount)) return this.#refuse(connection, error, envelope);
    connection.cutOff(CLOSE_CODES.rateLimited);
    this.#refusals.write(
      'info',
      'repeated',
      { connectionId: connection.id, remoteAddress: connection.remoteAddress },
      'A connection sent too many messages and was closed',
    );
    this.emit('refused', connection, error, this.#nameOf(envelope));
  }

  #handle(connection: Connection<P, Metadata>, type: ClientMessageType, message: ClientMessage): Awaitable<void> {
    // The tables have the right functions for each type, but the compiler cannot see the relation.
    const asks = questions[type] as ((message: ClientMessage) => Wish | undefined) | undefined;
    const wish = asks?.(message);
    if (wish !== undefined) {
      const [action, resource] = wish;
      this.#context.permissions.check(connection.principal, action, resource);
    }
    const handle = handlers[type] as Handler<ClientMessageType>;
    return handle(this.#context, connection, message);
  }

  async #dispatchCustom(
    connection: Connection<P, Metadata>,
    envelope: Envelope,
    custom: CustomMessageType<P, Metadata>,
  ): Promise<void> {
    const result = await custom.schema['~standard'].validate(envelope);
    if (result.issues !== undefined) {
      const issues = fieldIssues(result.issues, {
        value: envelope,
        schema: jsonSchemaOf(custom.schema),
        name: 'The message',
      });
      throw new AgentSocketError('invalid_message', summary(issues), { issues });
    }
    this.emit('message', connection, custom.type);
    const { request_id } = correlation(envelope);
    await custom.handle(result.value, connection, (message) => connection.sendMessage({ ...message, request_id }));
  }

  /** The type of a message, if it is one that exists. */
  #nameOf(envelope: Envelope | undefined): string | undefined {
    if (envelope === undefined) return undefined;
    return isClientType(envelope.type) || this.#custom.has(envelope.type) ? envelope.type : undefined;
  }

  #refuse(connection: Connection<P, Metadata>, cause: unknown, envelope: Envelope | undefined): void {
    const error = AgentSocketError.isInstance(cause)
      ? cause
      : new AgentSocketError('internal_error', 'The server failed to handle the message', { cause });
    const { code, detail } = error;
    if (detail !== undefined) {
      const fields = { connectionId: connection.id, remoteAddress: connection.remoteAddress, code, detail };
      this.#refusals.write('warn', code, fields, 'A message was refused');
    }
    if (error !== cause) this.logger.error({ connectionId: connection.id, err: cause }, 'A message handler failed');
    connection.sendMessage({
      type: 'error',
      error: error.message,
      timestamp: connection.timestamp(),
      code: error.code,
      retryable: error.retryable,
      retry_after_ms: error.retryAfterMs,
      issues: error.issues?.map(({ path, message }) => ({ path, message })),
      ...correlation(envelope),
    });
    this.emit('refused', connection, error, this.#nameOf(envelope));
  }
}

/** Suggests only built-in types: whether a client may know a custom type is for the embedder to decide. */
function unknownType(type: string): AgentSocketError {
  const name = type.slice(0, LIMITS.idLength);
  const meant = nearest(name, Object.keys(clientMessages));
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return new AgentSocketError('unknown_type', `Unknown message type: ${JSON.stringify(name)}${hint}`);
}

function isClientType(type: string): type is ClientMessageType {
  return Object.hasOwn(clientMessages, type);
}

/** The ids by which the client recognizes its refused message; only valid ids are repeated. */
function correlation(envelope: Envelope | undefined): { run_id?: string | undefined; request_id?: string | undefined } {
  const { run_id: runId, request_id: requestId } = clientMessages.cancel.shape;
  return {
    run_id: runId.safeParse(envelope?.['run_id']).data,
    request_id: requestId.safeParse(envelope?.request_id).data,
  };
}
