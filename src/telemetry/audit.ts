import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { RunHandle } from '../run/run-handle.js';
import type { Run } from '../run/run.js';
import type { Logger } from '../runtime/logger.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import type { Measured } from './measure.js';

/** Who did what, and whether it was permitted. Without text, params and results. */
export interface AuditEvent {
  /** Unix milliseconds. */
  readonly time: number;
  /**
   * - `connected`, `disconnected`: a connection
   * - `refused`: a handshake; `code` says why, as in the event `refused` of the connections. Or an HTTP request for
   *   `action` from somebody who is not known; `code` is that of a handshake of the same client
   * - `denied`: a message, whose type is `action`, or an HTTP request for `action`, without the permission for it. If
   *   `code` is `unknown_tool`, there is no such tool, or none for this principal
   * - `run`: a query or tool call was accepted; its kind is `action`
   * - `tool`: a tool call is over; `code` is `ok`, or the error code with which it failed or was refused
   * - `approved`, `rejected`: a person decided about a tool call
   */
  readonly event: 'connected' | 'disconnected' | 'refused' | 'denied' | 'run' | 'tool' | 'approved' | 'rejected';
  /** Who did it: the id of the principal. Absent if the client was refused before it was known. */
  readonly principalId?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly runId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly toolCallId?: string | undefined;
  /** Name of the tool, as the model or the client gave it. */
  readonly tool?: string | undefined;
  /** What was asked for: the type of a message, or `statistics`, `metrics` or `page`. */
  readonly action?: string | undefined;
  /** The outcome: a close code, an error code or another fixed word. */
  readonly code?: string | undefined;
}

/** Tells of HTTP requests that do not get what they ask for, and of the principal if it is known. */
export interface HttpRefusals {
  on(
    event: 'refused',
    listener: (refusal: Pick<AuditEvent, 'principalId' | 'remoteAddress' | 'action' | 'code'>) => void,
  ): unknown;
}

/** Codes of refusals that are a matter of permission. A tool that is not permitted is answered as one that does not exist. */
const DENIALS: ReadonlySet<ErrorCode> = new Set(['forbidden', 'unauthorized', 'unknown_tool']);

/** What an audit needs to know of a service, as one event. Costs nothing until somebody listens. */
export class Audit<P extends Principal = Principal, Metadata = unknown> extends TypedEmitter<{ event: [AuditEvent] }> {
  readonly #service: Measured<P, Metadata>;
  readonly #http: HttpRefusals;
  #isListening = false;

  constructor(service: Measured<P, Metadata>, http: HttpRefusals, logger: Logger) {
    super(logger);
    this.#service = service;
    this.#http = http;
  }

  override on(event: 'event', listener: (event: AuditEvent) => void): () => void {
    if (!this.#isListening) this.#listen();
    this.#isListening = true;
    return super.on(event, listener);
  }

  #listen(): void {
    const { connections, messages, runs } = this.#service;
    connections.on('connect', (connection) => this.#tell('connected', ofConnection(connection)));
    connections.on('disconnect', (connection, { code }) =>
      this.#tell('disconnected', { ...ofConnection(connection), code: String(code) }),
    );
    connections.on('refused', ({ reason, remoteAddress }) => this.#tell('refused', { remoteAddress, code: reason }));
    this.#http.on('refused', (refusal) =>
      this.#tell(refusal.principalId === undefined ? 'refused' : 'denied', refusal),
    );
    messages.on('refused', (connection, { code }, action) => {
      if (DENIALS.has(code)) this.#tell('denied', { ...ofConnection(connection), action, code });
    });
    runs.on('start', (run) => this.#tell('run', { ...ofRun(run), action: run.kind, tool: run.meta.toolName }));
    runs.on('tool', (run, { toolCallId, toolName, outcome }) =>
      this.#tell('tool', { ...ofRun(run), toolCallId, tool: toolName, code: outcome }),
    );
    runs.on('approval', ({ run, toolCallId, toolName, approved, principal }) => {
      const decided = { ...named(run), principalId: principal.id, toolCallId, tool: toolName };
      this.#tell(approved ? 'approved' : 'rejected', decided);
    });
  }

  #tell(event: AuditEvent['event'], fields: Omit<AuditEvent, 'time' | 'event'>): void {
    this.emit('event', { time: Date.now(), event, ...fields });
  }
}

function ofConnection({ id, principal, remoteAddress }: Connection): Partial<AuditEvent> {
  return { principalId: principal.id, connectionId: id, remoteAddress };
}

function ofRun(run: Run): Partial<AuditEvent> {
  return { principalId: run.principal.id, connectionId: run.connectionId, ...named(run) };
}

function named({ id, meta: { conversationId } }: RunHandle): Partial<AuditEvent> {
  return { runId: id, conversationId };
}
