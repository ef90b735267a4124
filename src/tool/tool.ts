import { checkKnownOptions } from '../runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { OptionError } from '../runtime/option-error.js';
import type { KnownOptions } from '../runtime/unknown-option.js';
import type { Principal } from '../connection/principal.js';
import type { Asker } from './asker.js';
import type { JsonSchema } from './llm-tool.js';
import type { SchemaOutput, StandardSchema } from './standard-schema.js';

/**
 * A call and who makes it.
 * @typeParam P - what `authenticate` returns
 * @typeParam Metadata - what the `metadata` hook returns
 */
export interface ToolCallInfo<P extends Principal = Principal, Metadata = unknown> extends Asker<P, Metadata> {
  /** The call. With `runId` it is unique for ever: a fit idempotency key for side effects. */
  readonly toolCallId: string;
}

/** What a tool knows about the call besides its params. */
export interface ToolContext<P extends Principal = Principal, Metadata = unknown> extends ToolCallInfo<P, Metadata> {
  /** Aborts when the run is cancelled or the tool's time is over. Pass it to whatever the tool waits for. */
  readonly signal: AbortSignal;
  /**
   * Tells the client something while the tool works: progress, a table, the data of a chart. The model does not see it.
   * At most 64 KiB of JSON each; the first 256 of a call are sent, and none after the call has ended or its run was stopped.
   * @throws AgentSocketError `output_too_large` for more than that, `tool_failed` for what is not JSON
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
  /** JSON Schema of the params. Needed only where `params` cannot give one itself (zod from 4.2 can). */
  parameters?: JsonSchema | undefined;
  /**
   * Does the work. Called at most once per call, with params the schema accepted.
   * What it returns (or resolves to) must be JSON; it goes to the model and to the client.
   * Where it throws an `AgentSocketError`, both are told its message; of anything else only that the tool failed.
   * One that wants to know who asks names the type: `execute(params, context: ToolContext<User>)`.
   */
  execute: (this: void, params: SchemaOutput<S>, context: ToolContext<P, Metadata>) => unknown;
  /**
   * Milliseconds after which the call fails with `tool_timeout`. Checking its params may take as long again; the time
   * a person takes to approve does not count.
   * @default 30000
   */
  timeoutMs?: number | undefined;
  /**
   * Whether a person has to approve a call before it is executed, with exactly the params they were shown. A function
   * is called once per call, with params the schema accepted; where it throws, the call fails.
   * @default false
   */
  needsApproval?:
    | boolean
    | ((this: void, params: SchemaOutput<S>, call: ToolCallInfo<P, Metadata>) => boolean | Promise<boolean>)
    | undefined;
}

const TOOL_DEFINITION: KnownOptions<ToolDefinition<StandardSchema>> = {
  name: true,
  description: true,
  params: true,
  parameters: true,
  execute: true,
  timeoutMs: true,
  needsApproval: true,
};

/**
 * A tool as the registry keeps it. One that wants to know more of who asks than the server tells, another type of principal
 * or metadata, does not fit it.
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
  /** Not written as a method, of which the compiler takes what knows too much. */
  readonly execute: (this: void, params: unknown, context: ToolContext<P, Metadata>) => unknown;
}

/** `timeoutMs` of a tool that names none. */
const DEFAULT_TOOL_TIMEOUT_MS = 30_000;

/**
 * Makes a tool whose `execute` is typed by its schema, and by the principal where it names one:
 * `execute(params, context: ToolContext<User>)`.
 * @throws OptionError where a part is not known or breaks its rule, or the schema makes no JSON Schema of an object and
 * none is given.
 */
export function defineTool<S extends StandardSchema, P extends Principal = Principal, Metadata = unknown>(
  definition: ToolDefinition<S, P, Metadata>,
): Tool<P, Metadata> {
  checkKnownOptions(definition, TOOL_DEFINITION);
  const { name, description, params, timeoutMs = DEFAULT_TOOL_TIMEOUT_MS } = definition;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new OptionError('name', 'a tool name of 1 to 64 letters, digits, "_" and "-"', name);
  }
  const { needsApproval = false } = definition;
  if (typeof needsApproval !== 'boolean' && typeof needsApproval !== 'function') {
    throw new OptionError('needsApproval', 'true, false or a function', needsApproval);
  }
  checkNumber('timeoutMs', timeoutMs, { least: 1, most: MAX_DELAY_MS });
  if (typeof description !== 'string') throw new OptionError('description', 'a string', description);
  if (typeof definition.execute !== 'function') throw new OptionError('execute', 'a function', definition.execute);
  if (!isSchema(params)) throw new OptionError('params', 'a schema: zod 4 or any other Standard Schema', params);
  const parameters =
    definition.parameters === undefined
      ? ofObject(deriveJsonSchema(params), 'params')
      : ofObject(definition.parameters, 'parameters');
  return {
    name,
    description,
    params,
    parameters,
    timeoutMs,
    needsApproval,
    execute: definition.execute,
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

/** Model APIs refuse whatever is no object, at the first question and not when the tool is made. */
function ofObject(schema: JsonSchema, option: string): JsonSchema {
  const { type } = Object(schema) as JsonSchema;
  if (type === 'object') return schema;
  // One that leaves the type open, a union of objects for example, leaves it to them.
  if (type === undefined) return { type: 'object', properties: {}, ...schema };
  const rule = 'must be a schema of an object, since models give params by their names';
  throw new OptionError(option, `Option "${option}" ${rule}; its type is ${JSON.stringify(type)}`);
}

function isSchema(value: unknown): boolean {
  const { '~standard': standard } = Object(value) as Partial<StandardSchema>;
  return typeof standard?.validate === 'function';
}
