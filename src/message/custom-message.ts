import type { SchemaOutput, StandardSchema } from '../agent/standard-schema.js';
import type { Connection } from '../connection/connection.js';

/** What {@link defineMessage} takes. */
export interface CustomMessageDefinition<S extends StandardSchema> {
  /** The `type` on the wire. */
  type: string;
  /** Schema of the whole message, `type` included or not: zod or any other Standard Schema. */
  schema: S;
  /**
   * Called for every message of this type that the schema accepts. Answer with `connection.sendMessage`.
   * Throwing (or rejecting) an `AgentSocketError` answers with that error, anything else with `internal_error`.
   */
  handle(this: void, message: SchemaOutput<S>, connection: Connection): void | Promise<void>;
}

/** An embedder's message type as the handler keeps it. */
export interface CustomMessageType {
  readonly type: string;
  readonly schema: StandardSchema;
  handle(this: void, message: unknown, connection: Connection): void | Promise<void>;
}

/** Makes a message type whose `handle` is typed by its schema. */
export function defineMessage<S extends StandardSchema>(definition: CustomMessageDefinition<S>): CustomMessageType {
  const { type, schema, handle } = definition;
  return { type, schema, handle };
}
