/** A JSON Schema object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A tool as a model sees it. */
export interface LlmTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the params. */
  readonly parameters: JsonSchema;
}

/** A tool call as a model wrote it. */
export interface LlmToolCall {
  /** The provider's id of the call, unique within the answer. */
  readonly id: string;
  /** Name of the tool. */
  readonly name: string;
  /** The arguments as JSON text, exactly as the model wrote them: the JSON may be invalid. */
  readonly arguments: string;
  /** Data that the provider gets back with this call: see `LlmProvider`. */
  readonly providerData?: JsonObject | undefined;
}
