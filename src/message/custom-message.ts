import { aSchema, type SchemaOutput, type StandardSchema } from '../tool/standard-schema.js';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { aFunction, text } from '../runtime/rule.js';
import type { CustomMessage } from '../protocol/server-messages.js';

/**
 * Sends a message to the connection that a message came from, with the `request_id` of that one.
 * @returns `false` where the connection is gone
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
   * Schema of the whole message: zod or any other Standard Schema. It may leave out `type`, unless it refuses fields it does
   * not name.
   */
  schema: S;
  /**
   * Called for every message of this type that the schema accepts. `reply` answers it: with its `request_id`, if it has
   * one, by which `request` of the client knows the answer. `connection.sendMessage` sends any other message. What your
   * `authenticate` and `metadata` hooks return has its type where you name it: `connection: Connection<User, Session>`.
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

/** An embedder's message type as the handler keeps it. */
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
 * Makes a message type whose `handle` is typed by its schema.
 * @throws OptionError if a part is not known or breaks its rule.
 */
export function defineMessage<S extends StandardSchema, P extends Principal = Principal, Metadata = unknown>(
  definition: CustomMessageDefinition<S, P, Metadata>,
): CustomMessageType<P, Metadata> {
  return checkOptions(definition, CUSTOM_MESSAGE);
}
