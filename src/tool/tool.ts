import { OptionError } from '../runtime/option-error.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { aFunction, anObject, delay, must, text } from '../runtime/rule.js';
import type { Principal } from '../connection/principal.js';
import type { Asker } from './asker.js';
import type { JsonSchema } from './llm-tool.js';
import { objectOf, withoutReference } from './schema-object.js';
import { aSchema, type SchemaOutput, type StandardSchema } from './standard-schema.js';

/**
 * A call and who makes it.
 * @typeParam P - what `authenticate` returns
 * @typeParam Metadata - what the `metadata` hook returns
 */
export interface ToolCallInfo<P extends Principal = Principal, Metadata = unknown> extends Asker<P, Metadata> {
  /** Id of the call. Together with `runId` it is unique forever, and can be an idempotency key for side effects. */
  readonly toolCallId: string;
}

/** What a tool knows of its call besides the params. */
export interface ToolContext<P extends Principal = Principal, Metadata = unknown> extends ToolCallInfo<P, Metadata> {
  /** Aborts when the run is cancelled or the time of the tool is over. Pass it to whatever the tool waits for. */
  readonly signal: AbortSignal;
  /**
   * Sends data to the client while the tool works: progress, a table, a chart. The model does not see it. At most 64
   * KiB of JSON each; the first 256 reports of a call are sent, and none after the call has ended or its run was
   * stopped.
   * @throws AgentSocketError `output_too_large` for larger data, `tool_failed` for data that is not JSON
   */
  readonly report: (this: void, data: unknown) => void;
}

/** What {@link defineTool} takes. */
export interface ToolDefinition<S extends StandardSchema, P extends Principal = Principal, Metadata = unknown> {
  /** 1 to 64 letters, digits, `_` and `-`: what model providers accept. */
  name: string;
  /** For the model: what the tool does and when to use it. */
  description: string;
  /** Schema of the params: zod 4 or any other Standard Schema. */
  params: S;
  /**
   * JSON Schema of the params. Needed only if `params` cannot give one itself (zod from 4.2 can).
   * @default derived from `params`
   */
  parameters?: JsonSchema | undefined;
  /**
   * Does the work. Called at most once per call, with params the schema accepted.
   * The result must be JSON; it goes to the model and to the client. If it throws an `AgentSocketError`, both get its
   * message; for any other error they only learn that the tool failed. To know who asks, name the type:
   * `execute(params, context: ToolContext<User>)`.
   */
  execute: (this: void, params: SchemaOutput<S>, context: ToolContext<P, Metadata>) => unknown;
  /**
   * How long the call may take. In milliseconds; then it fails with `tool_timeout`. The check of the params may take as long
   * again; time for an approval does not count.
   * @default 30000
   */
  timeoutMs?: number | undefined;
  /**
   * Whether a person has to approve a call before it is executed, with exactly the params they were shown. A function
   * is called once per call, with params the schema accepted; if it throws, the call fails.
   * @default false
   */
  needsApproval?:
    | boolean
    | ((this: void, params: SchemaOutput<S>, call: ToolCallInfo<P, Metadata>) => boolean | Promise<boolean>)
    | undefined;
}

export const TOOL_DEFINITION = {
  name: {
    text: '1 to 64 letters, digits, `_` and `-`: what model providers accept.',
    rule: text('a tool name of 1 to 64 letters, digits, "_" and "-"', (name) => /^[A-Za-z0-9_-]{1,64}$/.test(name)),
    required: true,
  },
  description: { text: 'For the model: what the tool does and when to use it.', rule: text(), required: true },
  params: { text: 'Schema of the params: zod 4 or any other Standard Schema.', rule: aSchema, required: true },
  parameters: { text: 'JSON Schema of the params.', rule: anObject, defaultText: 'derived from `params`' },
  execute: { text: 'Does the work.', rule: aFunction, required: true },
  timeoutMs: { text: 'How long the call may take.', rule: delay(1), default: 30_000 },
  needsApproval: {
    text: 'Whether a person has to approve a call before it is executed, with exactly the params they were shown.',
    rule: must('true, false or a function', (value) => typeof value === 'boolean' || typeof value === 'function'),
    default: false,
  },
} as const satisfies OptionTable<ToolDefinition<StandardSchema>>;

/**
 * A tool in the registry. A tool that requires another type of principal or metadata than the server has does not fit.
 */
export interface Tool<P extends Principal = Principal, Metadata = unknown> {
  readonly name: string;
  readonly description: string;
  readonly params: StandardSchema;
  /** JSON Schema of the params, for models and forms. */
  readonly parameters: JsonSchema;
  readonly timeoutMs: number;
  readonly needsApproval?:
    | boolean
    | ((this: void, params: unknown, call: ToolCallInfo<P, Metadata>) => boolean | Promise<boolean>)
    | undefined;
  /** A property and not a method, so that the compiler refuses a tool that requires other types. */
  readonly execute: (this: void, params: unknown, context: ToolContext<P, Metadata>) => unknown;
}

/**
 * Defines a tool. The schema types the params of `execute`, and an annotation types the principal: `execute(params,
 * context: ToolContext<User>)`.
 * @throws OptionError if an option is unknown or breaks its rule, or if the schema gives no JSON Schema of an object
 * and `parameters` is absent.
 */
export function defineTool<S extends StandardSchema, P extends Principal = Principal, Metadata = unknown>(
  definition: ToolDefinition<S, P, Metadata>,
): Tool<P, Metadata> {
  const { params, parameters, ...rest } = checkOptions(definition, TOOL_DEFINITION);
  return {
    ...rest,
    params,
    parameters:
      parameters === undefined ? ofObject(deriveJsonSchema(params), 'params') : ofObject(parameters, 'parameters'),
  };
}

/** Standard JSON Schema (standardschema.dev), which zod implements from 4.2 on. */
interface WithJsonSchema {
  readonly jsonSchema: { input(options: { target: 'draft-2020-12' }): Record<string, unknown> };
}

function deriveJsonSchema(params: StandardSchema): JsonSchema {
  const standard = params['~standard'] as StandardSchema['~standard'] & Partial<WithJsonSchema>;
  if (standard.jsonSchema === undefined) {
    throw new OptionError('parameters', 'given, since this schema library derives no JSON Schema', undefined);
  }
  try {
    const { $schema: _, ...schema } = standard.jsonSchema.input({ target: 'draft-2020-12' });
    return schema;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'the schema library failed';
    throw new OptionError('parameters', `given, since "params" makes no JSON Schema (${why})`, undefined);
  }
}

/**
 * Model APIs refuse schemas of anything but objects. Without this check they would do so only at the first question.
 */
function ofObject(given: JsonSchema, option: string): JsonSchema {
  const schema = properOf(objectOf(given));
  const { type } = schema;
  if (type === 'object') return schema;
  // A schema without a type, such as a union of objects, may still describe objects.
  if (type === undefined) return { type: 'object', properties: {}, ...schema };
  const rule = 'must be a schema of an object, since models give params by their names';
  throw new OptionError(option, `Option "${option}" ${rule}; its type is ${JSON.stringify(type)}`);
}

/** A schema with an id is written as a reference to its definition, which hides its properties. */
function properOf(schema: JsonSchema): JsonSchema {
  const { $ref, $defs, ...rest } = schema;
  const definition = $ref === undefined ? undefined : withoutReference({ $ref }, schema);
  if (definition === undefined) return schema;
  const refersOn = JSON.stringify(definition).includes('"$ref"');
  return { ...definition, ...rest, ...(refersOn && { $defs }) };
}
