import {
  agentLoop,
  startAgent,
  usageOf,
  type AgentDeps,
  type AgentOutput,
  type AgentState,
} from '../agent/agent-loop.js';
import { fitContext, type FitContext } from '../agent/context-window.js';
import type { LlmMessage, LlmProvider } from '../agent/llm-provider.js';
import { runTool, type ToolApprovals, type ToolCall, type ToolDeps, type ToolOutcome } from '../agent/run-tool.js';
import type { ToolLedger } from '../agent/tool-ledger.js';
import type { ToolRegistry } from '../agent/tool-registry.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { ConversationTurn } from '../conversation/conversation-turn.js';
import { MemoryConversationStore } from '../conversation/memory-conversation-store.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { checkNumber, MAX_DELAY_MS } from '../errors/check-number.js';
import { OptionError } from '../errors/option-error.js';
import { silentLogger, type Logger } from '../logging/logger.js';
import type { ClientMessageOf, RunRequest } from '../protocol/client-messages.js';
import type { ApprovalRecord } from './approvals.js';
import { checkClientChoices, type ClientChoices } from './client-choices.js';
import { draftLine, readDraft, readLeftBehind } from './left-behind.js';
import { runKey } from './run-key.js';
import type { RunExecutor } from './run-manager.js';
import type { RunMessage } from './run-message.js';
import type { FinalState } from './run-state.js';
import type { Run, RunOutcome } from './run.js';

/** A request that goes to the model. */
type QueryRequest = ClientMessageOf<'agent_query'> | ClientMessageOf<'streaming_query'>;

/** A run that waits for a person, as it is written down for a restart. */
interface Checkpoint {
  readonly request: RunRequest;
  readonly agent?: AgentState;
  readonly approvals: readonly ApprovalRecord[];
}

/** What {@link AgentExecutor} takes. */
export interface AgentExecutorOptions {
  /** The model behind the queries. */
  provider: LlmProvider;
  /** The tools of the model and of `tool_call`. */
  tools: ToolRegistry;
  /** Remembers which tool calls were started. */
  ledger: ToolLedger;
  /**
   * What was said in conversations.
   * @default a new `MemoryConversationStore`
   */
  conversations?: ConversationStore | undefined;
  /**
   * Tokens of a chat the model is asked with, estimated; over it the oldest turns of a conversation are left out.
   * @default 32000
   */
  maxContextTokens?: number | undefined;
  /**
   * Makes a chat fit, in place of leaving out the oldest turns.
   * @default fitContext
   */
  fitContext?: FitContext | undefined;
  /**
   * How long a person may take to approve a tool call, in milliseconds; then it is refused.
   * @default 300000
   */
  approvalTimeoutMs?: number | undefined;
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
  readonly #maxContextTokens: number;
  readonly #approvalTimeoutMs: number;
  readonly #conversations: ConversationStore;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: AgentExecutorOptions) {
    const { systemPrompt, clientMayChoose, maxSteps = 8, maxToolResultBytes = 262_144 } = options;
    this.#maxSteps = checkNumber('maxSteps', maxSteps, { least: 1, integer: true });
    this.#maxToolResultBytes = checkNumber('maxToolResultBytes', maxToolResultBytes, { least: 1 });
    if (systemPrompt !== undefined && typeof systemPrompt !== 'string') {
      throw new OptionError('systemPrompt', 'a string', systemPrompt);
    }
    const { maxContextTokens = 32_000, approvalTimeoutMs = 300_000 } = options;
    this.#maxContextTokens = checkNumber('maxContextTokens', maxContextTokens, { least: 1 });
    this.#approvalTimeoutMs = checkNumber('approvalTimeoutMs', approvalTimeoutMs, { least: 1, most: MAX_DELAY_MS });
    if (options.fitContext !== undefined && typeof options.fitContext !== 'function') {
      throw new OptionError('fitContext', 'a function', options.fitContext);
    }
    checkClientChoices(clientMayChoose);
    this.#conversations = options.conversations ?? new MemoryConversationStore();
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  check(request: RunRequest): void {
    if (request.type === 'tool_call') this.#checkTool(request.tool_name);
    else this.#checkChoices(request);
  }

  execute(run: Run, request: RunRequest): Promise<RunMessage> {
    return this.#begin(run, request);
  }

  restore(run: Run, checkpoint: string): Promise<RunMessage> {
    const { request, agent, approvals } = JSON.parse(checkpoint) as Checkpoint;
    run.approvals.restore(approvals);
    if (request.type === 'tool_call') return this.#callTool(run, request);
    if (agent === undefined) throw new Error('The checkpoint of a query has no agent');
    // What was said before is stored already, but for the steps of this run.
    const question = agent.messages.findLastIndex(({ role }) => role === 'user');
    return this.#ask(run, request, agent, { turn: this.#turnOf(run), from: question + 1 });
  }

  async recover(run: Run, draft: string): Promise<void> {
    const texts = run.kind === 'agent_query' ? readDraft(draft) : undefined;
    const { messages, text, openCalls, openApprovals } = await readLeftBehind(run.log, texts);
    for (const toolCallId of openApprovals) {
      run.message({ type: 'approval_resolved', tool_call_id: toolCallId, approved: false, by: 'cancel' });
    }
    const { ledger } = this.#options;
    const key = runKey(run.principal.id, run.id);
    for (const call of openCalls) {
      const outcome = cutOff(call, (await ledger.begin({ runKey: key, toolCallId: call.toolCallId })) !== undefined);
      run.message(toolResultMessage(call, outcome));
      messages.push(toolAnswer(call, outcome));
    }
    if (run.kind === 'tool_call') {
      const call = { toolCallId: run.id, toolName: run.meta.toolName ?? '', params: {} };
      const wasStarted = (await ledger.begin({ runKey: key, toolCallId: run.id })) !== undefined;
      if (wasStarted) run.message(toolResultMessage(call, cutOff(call, true)));
    }
    if (text !== '') messages.push({ role: 'assistant', content: text });
    const content = texts === undefined ? '' : text || ([...texts.values()].at(-1) ?? '');
    run.worker = {
      end: () => {
        this.#turnOf(run)?.add(messages, 'interrupted');
        this.#forget(run);
        return { content: content === '' ? undefined : content };
      },
    };
  }

  /** What a provider throws is its own; what a store or a hook of the operator throws is not. */
  async #guard<T>(run: Run, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (AgentSocketError.isInstance(error)) throw error;
      if (!run.isStopping) this.#logger.error({ runId: run.id.slice(0, 8), err: error }, 'The provider failed');
      throw new AgentSocketError('provider_error', 'The model provider failed', { cause: error });
    }
  }

  #begin(run: Run, request: RunRequest): Promise<RunMessage> {
    return request.type === 'tool_call' ? this.#callTool(run, request) : this.#answer(run, request);
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
    const { provider, systemPrompt, fitContext: fit = fitContext } = this.#options;
    const { conversationId } = run.meta;
    const turn = this.#turnOf(run);
    // Begun first, so that whoever has seen the run begin finds its question after a crash.
    const asked = turn?.ask({ query: request.query, replaceFrom: request.replace_from }, run.signal);
    // It is waited for below; until then its failure is nobody's.
    asked?.catch(() => undefined);
    run.message(
      request.type === 'agent_query'
        ? { type: 'status', status: 'processing' }
        : {
            type: 'stream_start',
            vendor: provider.vendor,
            model: request.model ?? provider.model,
            conversation_id: conversationId,
          },
    );
    let messages: readonly LlmMessage[] = [...((await asked) ?? []), { role: 'user', content: request.query }];
    if (systemPrompt !== undefined && systemPrompt !== '') {
      messages = [{ role: 'system', content: systemPrompt }, ...messages];
    }
    if (turn !== undefined) messages = await fit(messages, this.#maxContextTokens);
    const agent = startAgent([...messages], {
      ...(request.model !== undefined && { model: request.model }),
      ...(request.temperature !== undefined && { temperature: request.temperature }),
      ...(request.tools !== undefined && { toolNames: request.tools }),
    });
    run.signal.throwIfAborted();
    return this.#ask(run, request, agent, { turn, from: messages.length });
  }

  /** Asks the model, until it has answered. What `agent` holds from `from` on belongs to the turn. */
  async #ask(
    run: Run,
    request: QueryRequest,
    agent: AgentState,
    { turn, from }: { turn: ConversationTurn | undefined; from: number },
  ): Promise<RunMessage> {
    const { provider } = this.#options;
    const isWhole = request.type === 'agent_query';
    run.worker = {
      end: (state) => {
        turn?.add(turnMessages(agent, from), state === 'finished' ? undefined : state);
        this.#forget(run);
        return outcomeOf(agent, state, isWhole);
      },
      checkpoint: () => JSON.stringify({ request, agent, approvals: run.approvals.records } satisfies Checkpoint),
    };
    const deps = this.#agentDeps(run, isWhole ? kept(run, agent) : streamed(run));
    const reason = await this.#guard(run, () => agentLoop(agent, deps));
    if (!isWhole) return { type: 'stream_end', finish_reason: reason, usage: agent.usage };
    return {
      type: 'agent_response',
      content: agent.content,
      vendor: provider.vendor,
      model: request.model ?? provider.model,
      conversation_id: run.meta.conversationId,
      finish_reason: reason,
      usage: agent.usage,
    };
  }

  async #callTool(run: Run, request: ClientMessageOf<'tool_call'>): Promise<RunMessage> {
    const { tool_name: toolName, params } = request;
    const call: ToolCall = { toolCallId: run.id, toolName, params };
    run.worker = {
      end: () => {
        this.#forget(run);
        return {};
      },
      checkpoint: () => JSON.stringify({ request, approvals: run.approvals.records } satisfies Checkpoint),
    };
    const outcome = await runTool(call, this.#toolDeps(run));
    // A cancelled run ends with `cancelled`, which says nothing of a tool that may have taken effect.
    if (run.isStopping) run.message(toolResultMessage(call, outcome));
    if (outcome.ok) return { type: 'tool_result', tool_name: toolName, result: outcome.result };
    throw outcome.error;
  }

  #turnOf({ meta: { owner, id, conversationId } }: Run): ConversationTurn | undefined {
    if (conversationId === undefined) return undefined;
    return new ConversationTurn(this.#conversations, { owner, id: conversationId }, id);
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
      toolResult: (call, outcome) => {
        run.message(toolResultMessage(call, outcome));
        // Others of the same step still wait for a person: what this one came to is written down for them.
        if (run.state === 'waiting_approval') run.enter('waiting_approval');
      },
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
      approvals: run.options.canApprove === true ? this.#approvalsOf(run) : undefined,
    };
  }

  #approvalsOf(run: Run): ToolApprovals {
    return {
      has: (toolCallId) => run.approvals.has(toolCallId),
      paramsOf: (toolCallId) => run.approvals.paramsOf(toolCallId),
      ask: async (call) => {
        const { approved, by, reason = '' } = await run.approvals.ask(call, this.#approvalTimeoutMs);
        if (approved) return;
        const why = {
          principal: reason === '' ? 'The call was refused' : `The call was refused: ${reason}`,
          expiry: 'Nobody decided about the call in time',
          cancel: 'The run was stopped before the tool started',
        };
        throw new AgentSocketError(by === 'cancel' ? 'tool_failed' : 'forbidden', why[by]);
      },
    };
  }
}

/** An answer in one piece streams nothing but what the tools do; its text is kept until the end. */
function kept(run: Run, agent: AgentState): Pick<AgentOutput, 'text' | 'reasoning'> {
  return {
    text: (delta) => {
      run.charge(Buffer.byteLength(delta));
      run.keepDraft(draftLine(agent.step, delta));
    },
    reasoning: () => undefined,
  };
}

function streamed(run: Run): Pick<AgentOutput, 'text' | 'reasoning'> {
  return {
    text: (delta) => run.text('stream_chunk', delta),
    reasoning: (delta) => run.text('stream_reasoning', delta),
  };
}

function outcomeOf(agent: AgentState, state: FinalState, isWhole: boolean): RunOutcome {
  const partial = agent.partial?.toString() ?? '';
  const content = partial === '' ? agent.content : partial;
  return { usage: usageOf(agent), content: isWhole && state !== 'finished' && content !== '' ? content : undefined };
}

/** What a run adds to its conversation: whole steps, calls that were cut off answered, and what there is of the answer. */
function turnMessages(agent: AgentState, from: number): LlmMessage[] {
  const messages = agent.messages.slice(from);
  for (const { call, answer } of agent.pendingToolCalls) {
    const content = answer ?? JSON.stringify({ error: 'The call was cut off; whether it took effect is unknown' });
    messages.push({ role: 'tool', toolCallId: call.id, toolName: call.name, content });
  }
  const partial = agent.partial?.toString() ?? '';
  if (partial !== '') messages.push({ role: 'assistant', content: partial });
  return messages;
}

/** What is known of a call after a crash. */
function cutOff({ toolName }: ToolCall, wasStarted: boolean): ToolOutcome {
  const error = wasStarted
    ? new AgentSocketError('outcome_unknown', `The server stopped during the call to "${toolName}"; it is not repeated`)
    : new AgentSocketError('run_interrupted', `The server stopped before the call to "${toolName}" started`);
  return { ok: false, error };
}

function toolAnswer({ toolCallId, toolName }: ToolCall, outcome: ToolOutcome): LlmMessage {
  const content = JSON.stringify(outcome.ok ? outcome.result : { error: outcome.error.message });
  return { role: 'tool', toolCallId, toolName, content };
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
