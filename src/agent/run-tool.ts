import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import type { Logger } from '../logging/logger.js';
import { isDeeperThan } from '../protocol/depth.js';
import { issuePath } from './standard-schema.js';
import type { ToolLedger } from './tool-ledger.js';
import type { ToolRegistry } from './tool-registry.js';
import type { Tool, ToolContext } from './tool.js';

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

/** What executing a tool needs to know. */
export interface ToolDeps {
  readonly tools: ToolRegistry;
  readonly ledger: ToolLedger;
  readonly principal: Principal;
  readonly runId: string;
  /** Owner and run, for the ledger. */
  readonly runKey: string;
  /** Aborts when the run stops. */
  readonly signal: AbortSignal;
  /** Bytes of JSON a result may have. */
  readonly maxResultBytes: number;
  readonly logger: Logger;
}

/** Executes one tool call, at most once ever. Failing is a result, never a rejection. */
export async function runTool(call: ToolCall, deps: ToolDeps): Promise<ToolOutcome> {
  try {
    const tool = deps.tools.get(call.toolName);
    if (tool === undefined) throw new AgentSocketError('unknown_tool', `There is no tool "${call.toolName}"`);
    const params = await validate(tool, call.params);
    if (deps.signal.aborted) throw new AgentSocketError('tool_failed', 'The run was stopped before the tool started');
    const key = { runKey: deps.runKey, toolCallId: call.toolCallId };
    if ((await deps.ledger.begin(key)) !== undefined) {
      throw new AgentSocketError(
        'outcome_unknown',
        `The call to "${tool.name}" was started before and is not repeated`,
      );
    }
    try {
      return { ok: true, result: toJson(tool, await execute(tool, params, call, deps), deps.maxResultBytes) };
    } finally {
      await deps.ledger.settle(key);
    }
  } catch (error) {
    if (AgentSocketError.isInstance(error)) return { ok: false, error };
    deps.logger.error({ tool: call.toolName, runId: deps.runId.slice(0, 8), err: error }, 'A tool failed');
    return {
      ok: false,
      error: new AgentSocketError('tool_failed', `The tool "${call.toolName}" failed`, { cause: error }),
    };
  }
}

async function validate(tool: Tool, params: unknown): Promise<unknown> {
  const result = await tool.params['~standard'].validate(params);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map((issue) => ({ path: issuePath(issue), message: issue.message }));
  const told = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  throw new AgentSocketError('invalid_params', `The params of "${tool.name}" are not valid: ${told}`, { issues });
}

/** How long a tool may take to end once its run is stopped, before its outcome counts as unknown. */
const STOP_MS = 800;

/** Runs the tool with a signal that aborts with the run or when its time is over; a deaf tool is left behind. */
async function execute(tool: Tool, params: unknown, call: ToolCall, deps: ToolDeps): Promise<unknown> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let expire: (error: AgentSocketError) => void = () => undefined;
  const limit = new Promise<never>((_, reject) => (expire = reject));
  const failAfter = (ms: number, error: AgentSocketError, expired?: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      expire(error);
      expired?.();
    }, ms);
  };
  const stop = (): void => {
    controller.abort(deps.signal.reason);
    failAfter(
      STOP_MS,
      new AgentSocketError(
        'outcome_unknown',
        `The tool "${tool.name}" did not stop; whether it took effect is unknown`,
      ),
    );
  };
  const timeout = new AgentSocketError('tool_timeout', `The tool "${tool.name}" took longer than ${tool.timeoutMs} ms`);
  failAfter(tool.timeoutMs, timeout, () => controller.abort(timeout));
  deps.signal.addEventListener('abort', stop, { once: true });
  const context: ToolContext = {
    signal: controller.signal,
    runId: deps.runId,
    toolCallId: call.toolCallId,
    principal: deps.principal,
  };
  try {
    // Called in a promise, so that a tool that throws at once and one that rejects are the same.
    const work = Promise.resolve().then(() => tool.execute(params, context));
    return await Promise.race([work, limit]);
  } catch (error) {
    if (!deps.signal.aborted || AgentSocketError.isInstance(error)) throw error;
    throw new AgentSocketError('tool_failed', `The tool "${tool.name}" was stopped`, { cause: error });
  } finally {
    clearTimeout(timer);
    deps.signal.removeEventListener('abort', stop);
  }
}

/** Objects and arrays inside each other in a result: common JSON parsers of clients stop near 1,000. */
const MAX_RESULT_DEPTH = 512;

/** What the result is as JSON: a snapshot that no later change by the tool can reach. */
function toJson(tool: Tool, result: unknown, maxBytes: number): unknown {
  const encoded = stringify(tool, result);
  if (encoded === undefined) return null;
  if (new TextEncoder().encode(encoded).length > maxBytes) {
    throw new AgentSocketError('output_too_large', `The result of "${tool.name}" is larger than ${maxBytes} bytes`);
  }
  if (isDeeperThan(encoded, MAX_RESULT_DEPTH)) {
    throw new AgentSocketError('tool_failed', `The result of "${tool.name}" is nested deeper than ${MAX_RESULT_DEPTH}`);
  }
  return JSON.parse(encoded);
}

/** `undefined` for what JSON has no word for: the tool then has nothing to say. */
function stringify(tool: Tool, result: unknown): string | undefined {
  try {
    return JSON.stringify(result);
  } catch (error) {
    throw new AgentSocketError('tool_failed', `The tool "${tool.name}" returned something that is not JSON`, {
      cause: error,
    });
  }
}
