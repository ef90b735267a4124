import type { ErrorCode } from '../protocol/error-codes.js';
import type { CancelReason, ServerMessageOf } from '../protocol/server-messages.js';

const BRAND = Symbol.for('agent-ws.AgentClientError');

/** Errors that the client detects itself; all other errors come from the server with their own codes. */
export const CLIENT_ERROR_CODES = {
  cancelled: { retryable: false, meaning: 'The run was cancelled: by this client, another one, or the server.' },
  detached: { retryable: false, meaning: 'This client stopped reading the run, which goes on.' },
  client_closed: { retryable: false, meaning: 'The client was closed.' },
  connection_closed: { retryable: false, meaning: 'The server closed the connection for good; see `closeCode`.' },
  connection_lost: {
    retryable: false,
    meaning: 'The connection was lost before the answer, and asking twice is not known to be safe.',
  },
  token_failed: { retryable: true, meaning: 'The option `token` failed in several attempts to connect; see `cause`.' },
  unreachable: { retryable: true, meaning: 'The server did not answer in as many attempts as allowed.' },
  outbox_full: { retryable: true, meaning: 'There is no connection, and as much waits for one as may.' },
  message_too_big: { retryable: false, meaning: 'The message has more bytes than the server takes.' },
  protocol_error: { retryable: false, meaning: 'The server does not speak the protocol, or breaks it.' },
} as const;

/** The `code` of an error that the client detects itself. */
export type ClientErrorCode = keyof typeof CLIENT_ERROR_CODES;

/** Further details of an {@link AgentClientError}. */
export interface AgentClientErrorOptions {
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly issues?: readonly { readonly path: string; readonly message: string }[] | undefined;
  readonly runId?: string | undefined;
  readonly closeCode?: number | undefined;
  readonly reason?: CancelReason | undefined;
  readonly cause?: unknown;
}

/** Why a run has no complete answer, or a request has no answer. */
export class AgentClientError extends Error {
  /** The cause: a code of the server or of the client. */
  readonly code: ErrorCode | ClientErrorCode;
  /** Whether the same request can succeed later without a change. */
  readonly retryable: boolean;
  /** When to try again, in milliseconds after the error. */
  readonly retryAfterMs: number | undefined;
  /** The fields that a schema of the server refused. */
  readonly issues: readonly { readonly path: string; readonly message: string }[] | undefined;
  readonly runId: string | undefined;
  /** The close code that ended the connection. */
  readonly closeCode: number | undefined;
  /** Why the server cancelled the run. */
  readonly reason: CancelReason | undefined;

  constructor(code: ErrorCode | ClientErrorCode, message: string, options: AgentClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentClientError';
    this.code = code;
    this.retryable =
      options.retryable ?? (code in CLIENT_ERROR_CODES && CLIENT_ERROR_CODES[code as ClientErrorCode].retryable);
    this.retryAfterMs = options.retryAfterMs;
    this.issues = options.issues;
    this.runId = options.runId;
    this.closeCode = options.closeCode;
    this.reason = options.reason;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Like `instanceof`, but also true for an error made by another copy of this package. */
  static isInstance(value: unknown): value is AgentClientError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** Turns an `error` message into an error. */
export function errorOf(message: ServerMessageOf<'error'>): AgentClientError {
  return new AgentClientError(message.code, message.error, {
    retryable: message.retryable,
    retryAfterMs: message.retry_after_ms,
    issues: message.issues,
    runId: message.run_id,
  });
}
