import { agentLoop, startAgent, usageOf, type AgentDeps, type AgentOutput } from '../agent/agent-loop.js';
import type { LlmMessage, LlmProvider } from '../agent/llm-provider.js';
import { runTool, type ToolCall, type ToolDeps, type ToolOutcome } from '../agent/run-tool.js';
import type { ToolLedger } from '../agent/tool-ledger.js';
import type { ToolRegistry } from '../agent/tool-registry.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { checkNumber } from '../errors/check-number.js';
import { OptionError } from '../errors/option-error.js';
import { silentLogger, type Logger } from '../logging/logger.js';
import type { ClientMessageOf, RunRequest } from '../protocol/client-messages.js';
import { checkClientChoices, type ClientChoices } from './client-choices.js';
import { runKey } from './run-key.js';
import type { RunExecutor } from './run-manager.js';
import type { RunMessage } from './run-message.js';
import type { Run } from './run.js';

/** A request that goes to the model. */
type QueryRequest = ClientMessageOf<'agent_query'> | ClientMessageOf<'streaming_query'>;

/** What {@link AgentExecutor} takes. */
export interface AgentExecutorOptions {
  /** The model behind the queries. */
  provider: LlmProvider;
  /** The tools of the model and of `tool_call`. */
  tools: ToolRegistry;
  /** Remembers which tool calls were started. */
  ledger: ToolLedger;
  /**
   * What the model is told before the question.
   * @default none
   */
  systemPrompt?: string | undefined;
  /**
   * What a query may choose for itself.
   * @default nothing
   */
  clientMayChoose?: ClientChoices | undefined;
  /**
   * Model calls in one run; where the last still calls tools the run ends with finish reason `max_steps`.
   * @default 8
   */
  maxSteps?: number | undefined;
  /**
   * JSON bytes of one tool result; over it the call fails with `output_too_large`.
   * @default 262144
   */
  maxToolResultBytes?: number | undefined;
  /** @default silent */
  logger?: Logger | undefined;
}

/** Answers queries with the agent loop and tool calls with the tools: the three kinds of run. */
export class AgentExecutor implements RunExecutor {
  readonly #options: AgentExecutorOptions;
  readonly #logger: Logger;
  readonly #maxSteps: number;
  readonly #maxToolResultBytes: number;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: AgentExecutorOptions) {
    const { systemPrompt, clientMayChoose, maxSteps = 8, maxToolResultBytes = 262_144 } = options;
    this.#maxSteps = checkNumber('maxSteps', maxSteps, { least: 1, integer: true });
    this.#maxToolResultBytes = checkNumber('maxToolResultBytes', maxToolResultBytes, { least: 1 });
    if (systemPrompt !== undefined && typeof systemPrompt !== 'string') {
      throw new OptionError('systemPrompt', 'a string', systemPrompt);
    }
    checkClientChoices(clientMayChoose);
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  check(request: RunRequest): void {
    if (request.type === 'tool_call') this.#checkTool(request.tool_name);
    else this.#checkChoices(request);
  }

  async execute(run: Run, request: RunRequest): Promise<RunMessage> {
    try {
      switch (request.type) {
        case 'agent_query':
          return await this.#answer(run, request);
        case 'streaming_query':
          return await this.#stream(run, request);
        case 'tool_call':
          return await this.#callTool(run, request);
      }
    } catch (error) {
      if (AgentSocketError.isInstance(error)) throw error;
      if (!run.isStopping) this.#logger.error({ runId: run.id.slice(0, 8), err: error }, 'The provider failed');
      throw new AgentSocketError('provider_error', 'The model provider failed', { cause: error });
    } finally {
      this.#forget(run);
    }
  }

  /** How the run ended stands, whatever becomes of its records. */
  #forget(run: Run): void {
    try {
      this.#options.ledger.forget(runKey(run.principal.id, run.id));
    } catch (error) {
      this.#logger.error({ runId: run.id.slice(0, 8), err: error }, 'The tool ledger could not forget a run');
    }
  }

  #checkTool(name: string): void {
    if (this.#options.tools.get(name) === undefined) {
      throw new AgentSocketError('unknown_tool', `There is no tool ${JSON.stringify(name)}`);
    }
  }

  #checkChoices(request: QueryRequest): void {
    const { models = [], temperature = false, tools = false } = this.#options.clientMayChoose ?? {};
    if (request.model !== undefined && !models.includes(request.model)) {
      throw new AgentSocketError('forbidden', 'This server does not let a query choose that model');
    }
    if (request.temperature !== undefined && !temperature) {
      throw new AgentSocketError('forbidden', 'This server does not let a query choose the temperature');
    }
    if (request.tools !== undefined && !tools) {
      throw new AgentSocketError('forbidden', 'This server does not let a query choose the tools');
    }
    for (const name of request.tools ?? []) this.#checkTool(name);
  }

  async #answer(run: Run, request: QueryRequest): Promise<RunMessage> {
    run.message({ type: 'status', status: 'processing' });
    const { provider } = this.#options;
    const state = this.#startAgent(run, request);
    // An answer in one piece streams nothing but what the tools do; its text is kept until the end.
    const reason = await agentLoop(
      state,
      this.#agentDeps(run, { text: (delta) => run.charge(Buffer.byteLength(delta)), reasoning: () => undefined }),
    );
    const model = request.model ?? provider.model;
    return {
      type: 'agent_response',
      content: state.content,
      vendor: provider.vendor,
      model,
      finish_reason: reason,
      usage: state.usage,
    };
  }

  async #stream(run: Run, request: QueryRequest): Promise<RunMessage> {
    const { provider } = this.#options;
    run.message({ type: 'stream_start', vendor: provider.vendor, model: request.model ?? provider.model });
    const state = this.#startAgent(run, request);
    const reason = await agentLoop(
      state,
      this.#agentDeps(run, {
        text: (delta) => run.text('stream_chunk', delta),
        reasoning: (delta) => run.text('stream_reasoning', delta),
      }),
    );
    return { type: 'stream_end', finish_reason: reason, usage: state.usage };
  }

  async #callTool(run: Run, request: ClientMessageOf<'tool_call'>): Promise<RunMessage> {
    const { tool_name: toolName, params } = request;
    const call: ToolCall = { toolCallId: run.id, toolName, params };
    const outcome = await runTool(call, this.#toolDeps(run));
    // A cancelled run ends with `cancelled`, which says nothing of a tool that may have taken effect.
    if (run.isStopping) run.message(toolResultMessage(call, outcome));
    if (outcome.ok) return { type: 'tool_result', tool_name: toolName, result: outcome.result };
    throw outcome.error;
  }

  #startAgent(run: Run, request: QueryRequest): ReturnType<typeof startAgent> {
    const { systemPrompt } = this.#options;
    const messages: LlmMessage[] = [{ role: 'user', content: request.query }];
    if (systemPrompt !== undefined && systemPrompt !== '') messages.unshift({ role: 'system', content: systemPrompt });
    const state = startAgent(messages, {
      ...(request.model !== undefined && { model: request.model }),
      ...(request.temperature !== undefined && { temperature: request.temperature }),
      ...(request.tools !== undefined && { toolNames: request.tools }),
    });
    run.usage = () => usageOf(state);
    return state;
  }

  #agentDeps(run: Run, text: Pick<AgentOutput, 'text' | 'reasoning'>): AgentDeps {
    const output: AgentOutput = {
      ...text,
      toolCall: (call) =>
        run.message({
          type: 'stream_tool_call',
          tool_call_id: call.toolCallId,
          tool_name: call.toolName,
          params: call.params,
        }),
      toolResult: (call, outcome) => run.message(toolResultMessage(call, outcome)),
      charge: (bytes) => run.charge(bytes),
      backpressure: () => run.backpressure(),
    };
    return { ...this.#toolDeps(run), provider: this.#options.provider, output, maxSteps: this.#maxSteps };
  }

  #toolDeps(run: Run): ToolDeps {
    const { tools, ledger } = this.#options;
    return {
      tools,
      ledger,
      principal: run.principal,
      runId: run.id,
      runKey: runKey(run.principal.id, run.id),
      signal: run.signal,
      maxResultBytes: this.#maxToolResultBytes,
      logger: this.#logger,
    };
  }
}

function toolResultMessage(call: ToolCall, outcome: ToolOutcome): RunMessage {
  return {
    type: 'stream_tool_result',
    tool_call_id: call.toolCallId,
    tool_name: call.toolName,
    ...(outcome.ok
      ? { result: outcome.result }
      : { error: { code: outcome.error.code, error: outcome.error.message } }),
  };
}
