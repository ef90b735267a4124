import { aSchema, type SchemaOutput, type StandardSchema } from '../tool/standard-schema.js';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { aFunction, text } from '../runtime/rule.js';
import type { CustomMessage } from '../protocol/server-messages.js';

/**
 * Sends a message to the connection of the received message, with the same `request_id`.
 * @returns `false` if the connection is gone
 */
export type Reply = (message: CustomMessage) => boolean;

/** What {@link defineMessage} takes. */
export interface CustomMessageDefinition<
  S extends StandardSchema,
  P extends Principal = Principal,
  Metadata = unknown,
> {
  /** The `type` on the wire. */
  type: string;
  /**
   * Schema of the whole message: zod or any other Standard Schema. If it refuses unknown fields, it has to name `type` and
   * `request_id` as well: `request` of the client adds the latter.
   */
  schema: S;
  /**
   * Called for every message of this type that the schema accepts. `reply` answers the message with the same
   * `request_id`, so that `request` of the client finds the answer. `connection.sendMessage` sends any other message.
   * Annotate `connection: Connection<User, Session>` to get the types of your `authenticate` and `metadata` hooks.
   * Throwing (or rejecting) an `AgentSocketError` answers with that error, anything else with `internal_error`.
   */
  handle: (
    this: void,
    message: SchemaOutput<S>,
    connection: Connection<P, Metadata>,
    reply: Reply,
  ) => void | Promise<void>;
}

export const CUSTOM_MESSAGE = {
  type: { text: 'The `type` on the wire.', rule: text(), required: true },
  schema: { text: 'Schema of the whole message: zod or any other Standard Schema.', rule: aSchema, required: true },
  handle: { text: 'Called for every message of this type that the schema accepts.', rule: aFunction, required: true },
} as const satisfies OptionTable<CustomMessageDefinition<StandardSchema>>;

/** An embedder's message type, as the message handler stores it. */
export interface CustomMessageType<P extends Principal = Principal, Metadata = unknown> {
  readonly type: string;
  readonly schema: StandardSchema;
  readonly handle: (
    this: void,
    message: unknown,
    connection: Connection<P, Metadata>,
    reply: Reply,
  ) => void | Promise<void>;
}

/**
 * Defines a message type whose `handle` is typed by its schema.
 * @throws OptionError if an option is unknown or breaks its rule.
 */
export function defineMessage<S extends StandardSchema, P extends Principal = Principal, Metadata = unknown>(
  definition: CustomMessageDefinition<S, P, Metadata>,
): CustomMessageType<P, Metadata> {
  return checkOptions(definition, CUSTOM_MESSAGE);
}
