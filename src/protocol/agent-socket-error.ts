import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { hasBrand } from './branded.js';

const BRAND = Symbol.for('agent-ws.AgentSocketError');

/** A field that a schema refused. */
export interface FieldIssue {
  /** Dotted path of the field: `options.model`; of params of a tool, within them: `expression`. Empty for the whole value. */
  readonly path: string;
  /** The rule that the field breaks. */
  readonly message: string;
}

/** Further details of an {@link AgentSocketError}. */
export interface AgentSocketErrorOptions {
  /** The cause. Logged, never sent to a client. */
  cause?: unknown;
  /**
   * Further information for the operator's log, such as the message of a model provider. Never sent to a client. It is
   * logged unchanged, so it must hold no secret and no text of a person.
   */
  detail?: string | undefined;
  /** Milliseconds after which to try again. */
  retryAfterMs?: number | undefined;
  /** The fields that do not match the schema. */
  issues?: readonly FieldIssue[];
  /** Overrides the entry in the table of codes. */
  retryable?: boolean;
}

/**
 * An error for clients: `code` and `message` are sent unchanged, so the message must hold no secret. Throw it from a
 * provider, a tool or a handler to choose what the client gets; any other error reaches the client as `internal_error`,
 * `provider_error` or `tool_failed` without its text.
 */
export class AgentSocketError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly FieldIssue[] | undefined;
  /** For the operator's log only: see {@link AgentSocketErrorOptions.detail}. */
  readonly detail: string | undefined;

  /** @throws TypeError if the code is none of the protocol. */
  constructor(code: ErrorCode, message: string, options: AgentSocketErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (!Object.hasOwn(ERROR_CODES, code)) {
      throw new TypeError(`${JSON.stringify(code)} is no code of an AgentSocketError: the protocol lists them`);
    }
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
