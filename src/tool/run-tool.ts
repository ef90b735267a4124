import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { fieldIssues, summary } from '../protocol/field-issues.js';
import type { Logger } from '../runtime/logger.js';
import type { Asker } from './asker.js';
import type { StandardResult } from './standard-schema.js';
import { toJson } from './tool-json.js';
import type { LedgerKey, ToolLedger } from './tool-ledger.js';
import { ToolLimit } from './tool-limit.js';
import type { ToolRegistry } from './tool-registry.js';
import { ToolReports } from './tool-reports.js';
import type { Tool, ToolCallInfo } from './tool.js';
import { unknownTool } from './unknown-tool.js';

/** A call to execute. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  /** Already parsed JSON, not yet validated. */
  readonly params: unknown;
}

/** What a call came to. `result` is plain JSON. */
export type ToolOutcome =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: AgentSocketError };

/** Where a person is asked. */
export interface ToolApprovals {
  /** Whether this call was asked about, before a restart for example. */
  has(toolCallId: string): boolean;
  /** The params it was asked about with. */
  paramsOf(toolCallId: string): unknown;
  /** Asks about exactly these params, and waits for the decision. Rejects with an `AgentSocketError` where the tool may not run. */
  ask(call: ToolCall): Promise<void>;
}

/** What executing a tool needs to know. */
export interface ToolDeps extends Asker {
  readonly tools: ToolRegistry;
  readonly ledger: ToolLedger;
  /** Owner and run, for the ledger. */
  readonly runKey: string;
  /** Aborts when the run stops. */
  readonly signal: AbortSignal;
  /** Bytes of JSON a result may have. */
  readonly maxResultBytes: number;
  readonly logger: Logger;
  /** Absent where nobody can be asked: a tool that needs an approval is then refused. */
  readonly approvals?: ToolApprovals | undefined;
  /** Takes what the tool reports while it works: JSON. Absent where nobody reads it. */
  readonly onReport?: ((data: unknown) => void) | undefined;
}

/** Executes one tool call, at most once ever. Failing is a result, never a rejection. */
export async function runTool(call: ToolCall, deps: ToolDeps): Promise<ToolOutcome> {
  try {
    // First, since tools may be registered after the server was made, and a question must not stay open.
    const { approvals } = deps;
    const wasAsked = approvals?.has(call.toolCallId) === true;
    if (wasAsked) await approvals.ask(call);
    const tool = deps.tools.get(call.toolName);
    if (tool === undefined) throw unknownTool(call.toolName, deps.tools.names);
    const { params, asks } = await prepare(tool, call, deps, wasAsked);
    if (wasAsked) checkApproved(tool, params, approvals.paramsOf(call.toolCallId));
    else if (asks) await approve(tool, params, call, deps);
    return { ok: true, result: await execute(tool, call, params, deps) };
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

/** The params as the tool gets them, and whether a person has to approve them: one who was asked is not asked again. */
async function prepare(
  tool: Tool,
  call: ToolCall,
  deps: ToolDeps,
  wasAsked: boolean,
): Promise<{ params: unknown; asks: boolean }> {
  const limit = new ToolLimit(tool, deps.signal);
  try {
    const params = check(tool, call, await limit.validate(() => tool.params['~standard'].validate(call.params)));
    const { needsApproval = false } = tool;
    if (wasAsked) return { params, asks: false };
    if (typeof needsApproval === 'boolean') return { params, asks: needsApproval };
    return { params, asks: await limit.validate(() => needsApproval(params, infoOf(call, deps))) };
  } finally {
    limit.clear();
  }
}

function infoOf({ toolCallId }: ToolCall, { principal, runId, conversationId, metadata }: ToolDeps): ToolCallInfo {
  return { principal, runId, conversationId, metadata, toolCallId };
}

async function approve(tool: Tool, params: unknown, call: ToolCall, { approvals }: ToolDeps): Promise<void> {
  if (approvals === undefined) {
    throw new AgentSocketError('forbidden', `The tool "${tool.name}" needs an approval, which this client cannot give`);
  }
  await approvals.ask({ ...call, params: shownParams(tool, params) });
}

/** After a restart the params are made anew of what the model said, by a tool that may be another one. */
function checkApproved(tool: Tool, params: unknown, approved: unknown): void {
  if (JSON.stringify(approved) === JSON.stringify(shownParams(tool, params))) return;
  throw new AgentSocketError(
    'forbidden',
    `The tool "${tool.name}" was changed: it takes other params than were approved`,
  );
}

/** What a person is shown. */
function shownParams(tool: Tool, params: unknown): unknown {
  return toJson(`What the tool "${tool.name}" takes`, params, Infinity);
}

async function execute(tool: Tool, call: ToolCall, params: unknown, deps: ToolDeps): Promise<unknown> {
  const limit = new ToolLimit(tool, deps.signal);
  const { onReport, signal: run, logger } = deps;
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
      const info = infoOf(call, deps);
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

/** The params as the schema made them. */
function check(tool: Tool, call: ToolCall, result: StandardResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  const refused = { value: call.params, schema: tool.parameters, name: `What "${tool.name}" takes` };
  const issues = fieldIssues(result.issues, refused);
  throw new AgentSocketError('invalid_params', summary(issues), { issues });
}

/** What the tool did is done, whatever becomes of its record. */
async function settle(key: LedgerKey, deps: ToolDeps): Promise<void> {
  try {
    await deps.ledger.settle(key);
  } catch (error) {
    deps.logger.error({ runId: deps.runId, err: error }, 'The tool ledger could not settle a call');
  }
}
