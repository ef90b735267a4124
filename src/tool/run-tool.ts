import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { fieldIssues, summary } from '../protocol/field-issues.js';
import type { Abort } from '../runtime/abort.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { Logger } from '../runtime/logger.js';
import type { SpanInfo, TraceContext, Tracer } from '../runtime/trace.js';
import type { Asker } from './asker.js';
import type { StandardResult } from './standard-schema.js';
import { decodedParams } from './decoded-params.js';
import { toJson } from './tool-json.js';
import type { LedgerKey, ToolLedger } from './tool-ledger.js';
import { ToolLimit } from './tool-limit.js';
import type { UsableTools } from './tool-registry.js';
import { ToolReports } from './tool-reports.js';
import type { Tool, ToolCallInfo } from './tool.js';
import { unknownTool } from './unknown-tool.js';

/** A call to execute. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  /** Parsed JSON, not validated yet. */
  readonly params: unknown;
}

/** The outcome of a call. `result` is plain JSON. */
export type ToolOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: AgentSocketError };

/** Asks a person for approval of tool calls. */
export interface ToolApprovals {
  /** Whether approval was asked for this call, for example before a restart. */
  has(toolCallId: string): boolean;
  /** The params for which approval was asked. */
  paramsOf(toolCallId: string): unknown;
  /** Asks for approval of exactly these params. Rejects with an `AgentSocketError` if the tool must not be executed. */
  ask(call: ToolCall): Promise<void>;
}

/** A call that is over. */
export interface ToolDone extends Omit<ToolCall, 'params'> {
  readonly outcome: 'ok' | ErrorCode;
  /** How long the tool was at work, in milliseconds; 0 if it was not executed. */
  readonly ms: number;
}

/** What is needed to execute a tool. */
export interface ToolDeps extends Asker {
  readonly tools: UsableTools;
  readonly ledger: ToolLedger;
  /** Key of owner and run, for the ledger. */
  readonly runKey: string;
  /** Aborts when the run stops. */
  readonly abort: Abort;
  /** Whether a model wrote the params: values in quotes are then taken as they were meant. @default false */
  readonly byModel?: boolean | undefined;
  /** Maximum bytes of JSON in a result. */
  readonly maxResultBytes: number;
  readonly logger: Logger;
  /** Absent if no person can be asked: then a tool that needs approval is refused. */
  readonly approvals?: ToolApprovals | undefined;
  /** Surrounds each execution; absent if nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Called when a call is over, executed or refused. */
  readonly onDone?: ((done: ToolDone) => void) | undefined;
  /** Gets the JSON that the tool reports while it works. Absent if nobody reads it. */
  readonly onReport?: ((data: unknown) => void) | undefined;
}

/** Executes one tool call, at most once ever. A failure is an outcome, never a rejection. */
export async function runTool(call: ToolCall, deps: ToolDeps): Promise<ToolOutcome> {
  const time = { ms: 0 };
  const outcome = await attempt(call, deps, time);
  const { toolCallId, toolName } = call;
  deps.onDone?.({ toolCallId, toolName, outcome: outcome.ok ? 'ok' : outcome.error.code, ms: time.ms });
  return outcome;
}

async function attempt(call: ToolCall, deps: ToolDeps, time: { ms: number }): Promise<ToolOutcome> {
  try {
    // An open approval request comes first: it must be decided even if its tool is not registered yet.
    const { approvals } = deps;
    const wasAsked = approvals?.has(call.toolCallId) === true;
    if (wasAsked) await approvals.ask(call);
    const tool = deps.tools.get(call.toolName);
    if (tool === undefined) throw unknownTool(call.toolName, deps.tools.names);
    const { params, asks } = await prepare(tool, call, deps, wasAsked);
    if (wasAsked) checkApproved(tool, params, approvals.paramsOf(call.toolCallId));
    else if (asks) await approve(tool, params, call, deps);
    const { tracer, trace: parent } = deps;
    const startedAt = performance.now();
    try {
      const work = (trace: TraceContext | undefined): Promise<unknown> => execute(tool, call, params, deps, trace);
      const result = await (tracer?.during(spanOf(tool), parent, work) ?? work(parent));
      return { ok: true, result };
    } finally {
      time.ms = performance.now() - startedAt;
    }
  } catch (error) {
    if (AgentSocketError.isInstance(error) && error.cause === undefined) return { ok: false, error };
    deps.logger.error({ tool: call.toolName, runId: deps.runId, err: error }, 'A tool failed');
    if (AgentSocketError.isInstance(error)) return { ok: false, error };
    return {
      ok: false,
      error: new AgentSocketError('tool_failed', `The tool "${call.toolName}" failed`, { cause: error }),
    };
  }
}

/** The names of OpenTelemetry's conventions for generative AI. */
function spanOf({ name }: Tool): SpanInfo {
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name };
  return { name: `execute_tool ${name}`, kind: 'internal', attributes };
}

/** The params for the tool, and whether a person must approve them. A call is not asked about twice. */
async function prepare(
  tool: Tool,
  call: ToolCall,
  deps: ToolDeps,
  wasAsked: boolean,
): Promise<{ params: unknown; asks: boolean }> {
  const limit = new ToolLimit(tool, deps.abort.signal);
  try {
    const params = await validated(tool, call, deps, limit);
    const { needsApproval = false } = tool;
    if (wasAsked) return { params, asks: false };
    if (typeof needsApproval === 'boolean') return { params, asks: needsApproval };
    return { params, asks: await limit.validate(() => needsApproval(params, infoOf(call, deps))) };
  } finally {
    limit.clear();
  }
}

function infoOf(
  { toolCallId }: ToolCall,
  { principal, runId, conversationId, metadata, trace }: ToolDeps,
): ToolCallInfo {
  return { principal, runId, conversationId, metadata, trace, toolCallId };
}

async function approve(tool: Tool, params: unknown, call: ToolCall, { approvals }: ToolDeps): Promise<void> {
  if (approvals === undefined) {
    throw new AgentSocketError('forbidden', `The tool "${tool.name}" needs an approval, which this client cannot give`);
  }
  await approvals.ask({ ...call, params: shownParams(tool, params) });
}

/** After a restart, the params are derived again from the model's arguments, maybe by a changed tool. */
function checkApproved(tool: Tool, params: unknown, approved: unknown): void {
  if (JSON.stringify(approved) === JSON.stringify(shownParams(tool, params))) return;
  throw new AgentSocketError(
    'forbidden',
    `The tool "${tool.name}" was changed: it takes other params than were approved`,
  );
}

/** The params that a person sees. */
function shownParams(tool: Tool, params: unknown): unknown {
  return toJson(`What the tool "${tool.name}" takes`, params, Infinity);
}

async function execute(
  tool: Tool,
  call: ToolCall,
  params: unknown,
  deps: ToolDeps,
  trace: TraceContext | undefined,
): Promise<unknown> {
  const { onReport, logger } = deps;
  const { signal: run } = deps.abort;
  const limit = new ToolLimit(tool, run);
  const reports = new ToolReports({ toolName: tool.name, onReport, run, logger });
  const key = { runKey: deps.runKey, toolCallId: call.toolCallId };
  try {
    if ((await deps.ledger.begin(key)) !== undefined) {
      throw new AgentSocketError(
        'outcome_unknown',
        `The call to "${tool.name}" was started before and is not repeated`,
      );
    }
    try {
      const { report } = reports;
      const info = { ...infoOf(call, deps), trace };
      const result = await limit.execute((signal) => tool.execute(params, { ...info, signal, report }));
      return toJson(`The result of the tool "${tool.name}"`, result, deps.maxResultBytes);
    } finally {
      reports.end();
      await settle(key, deps);
    }
  } finally {
    limit.clear();
  }
}

/** The params as the schema returns them. */
async function validated(tool: Tool, call: ToolCall, { byModel }: ToolDeps, limit: ToolLimit): Promise<unknown> {
  const validate = (params: unknown): Promise<StandardResult<unknown>> =>
    limit.validate(() => tool.params['~standard'].validate(params));
  const result = await validate(call.params);
  if (result.issues === undefined) return result.value;
  const meant = byModel === true ? decodedParams(call.params, tool.parameters) : call.params;
  if (JSON.stringify(meant) !== JSON.stringify(call.params)) {
    const second = await validate(meant);
    if (second.issues === undefined) return second.value;
  }
  const refused = { value: call.params, schema: tool.parameters, name: `What "${tool.name}" takes` };
  const issues = fieldIssues(result.issues, refused);
  throw new AgentSocketError('invalid_params', summary(issues), { issues });
}

/** Records that the outcome is known. A failure is only logged, since the tool has done its work. */
async function settle(key: LedgerKey, deps: ToolDeps): Promise<void> {
  try {
    await deps.ledger.settle(key);
  } catch (error) {
    deps.logger.error({ runId: deps.runId, err: error }, 'The tool ledger could not settle a call');
  }
}
