import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { hasBrand } from './branded.js';

const BRAND = Symbol.for('agent-ws.AgentSocketError');

/** A field that a schema refused. */
export interface FieldIssue {
  /** Where, dotted: `params.expression`. Empty for the whole value. */
  readonly path: string;
  /** What the rule is. */
  readonly message: string;
}

/** What {@link AgentSocketError} takes besides code and message. */
export interface AgentSocketErrorOptions {
  /** What caused it. Goes to the log, never to a client. */
  cause?: unknown;
  /**
   * What else the operator should read in the log, such as what a model provider said. Never sent to a client; it is
   * logged as it is, so it must hold no secret and nothing a person wrote.
   */
  detail?: string | undefined;
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number | undefined;
  /** The fields that do not match the schema. */
  issues?: readonly FieldIssue[];
  /** Overrides what the table of codes says. */
  retryable?: boolean;
}

/**
 * An error a client may be told about: `code` and `message` go on the wire as they are, so the message
 * must hold no secret. Throw it from a provider, a tool or a handler to choose what the client reads;
 * anything else that is thrown reaches the client as `internal_error`, `provider_error` or `tool_failed` without its text.
 */
export class AgentSocketError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly FieldIssue[] | undefined;
  /** For the operator's log only: see {@link AgentSocketErrorOptions.detail}. */
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, options: AgentSocketErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentSocketError';
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.issues = options.issues;
    this.detail = options.detail;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Like `instanceof`, but also true for an error made by another copy of this package. */
  static isInstance(value: unknown): value is AgentSocketError {
    return hasBrand(value, BRAND);
  }
}
