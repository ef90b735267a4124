import { CONNECTION_OPTIONS, type ConnectionManagerOptions } from '../connection/connection-options.js';
import type { Principal } from '../connection/principal.js';
import { PERMISSIONS, type PermissionsOption } from '../permission/permissions.js';
import type { Rooms } from '../room/rooms.js';
import type { RunManager } from '../run/run-manager.js';
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import type { OptionTable } from '../runtime/option-table.js';
import { aFunction, methods } from '../runtime/rule.js';
import type { ConversationStore } from '../store/conversation-store.js';
import { aConversationStore } from '../store/store-rules.js';
import type { CheckToken } from './check-token.js';
import { rateLimits, type RateLimits } from './rate-limits.js';

/** What `MessageHandler` takes. */
export interface MessageHandlerOptions<P extends Principal = Principal>
  extends Pick<ConnectionManagerOptions, 'maxRunsPerConnection'>, PermissionsOption<P>, LoggerOption {
  /** The runs that queries, tool calls and cancels act on. */
  runs: RunManager;
  /** What was said in conversations. The same store as that of the executor. */
  conversations: ConversationStore;
  /**
   * How often clients may ask: messages, queries, tool calls and tokens of the model, each of a connection, a principal
   * and an address. One more is refused with `rate_limited` and `retry_after_ms`; a connection that goes on all the same is
   * closed with code 4429. `false` for no limits. See {@link RateLimits}.
   * @default what no person reaches
   */
  rateLimits?: RateLimits | false | undefined;
  /**
   * The rooms that clients join.
   * @default none: messages about rooms are refused
   */
  rooms?: Rooms | undefined;
  /**
   * Whose a token of the message `auth` is. Called for each such message; `null` refuses it with `unauthorized`,
   * and so does its absence.
   * @default none
   */
  checkToken?: CheckToken | undefined;
}

export const MESSAGE_HANDLER_OPTIONS = {
  runs: {
    text: 'The runs that queries, tool calls and cancels act on.',
    rule: methods('a RunManager', ['create', 'start']),
    required: true,
  },
  conversations: { text: 'What was said in conversations.', rule: aConversationStore, required: true },
  rateLimits: {
    text: 'How often clients may ask: messages, queries, tool calls and tokens of the model, each of a connection, a principal and an address.',
    rule: rateLimits,
    default: {},
    defaultText: 'what no person reaches',
  },
  rooms: {
    text: 'The rooms that clients join.',
    rule: methods('Rooms', ['join', 'leave']),
    defaultText: 'none: messages about rooms are refused',
  },
  checkToken: { text: 'Whose a token of the message `auth` is.', rule: aFunction, defaultText: 'none' },
  maxRunsPerConnection: CONNECTION_OPTIONS.maxRunsPerConnection,
  permissions: PERMISSIONS,
  logger: LOGGER,
} as const satisfies OptionTable<MessageHandlerOptions>;
