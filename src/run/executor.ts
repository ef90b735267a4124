import { agentLoop, startAgent, type AgentDeps, type AgentState } from '../agent/agent-loop.js';
import type { LlmMessage } from '../agent/llm-provider.js';
import { runTool, type ToolCall, type ToolDeps } from '../agent/run-tool.js';
import { turnMessages } from '../agent/turn-messages.js';
import { ConversationTurn } from '../conversation/conversation-turn.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import type { ClientMessageOf, RunRequest } from '../protocol/client-messages.js';
import { approvalGate } from './approval-gate.js';
import type { ApprovalRecord } from './approvals.js';
import { checkChosen, type QueryRequest } from './client-choices.js';
import { checkExecutorOptions, type AgentExecutorOptions, type ExecutorSettings } from './executor-options.js';
import { cutOff, readDraft, readLeftBehind, toolAnswer } from './left-behind.js';
import type { RunExecutor } from './run-executor.js';
import { runKey } from './run-key.js';
import type { RunMessage } from './run-message.js';
import { outcomeOf, StreamedOutput, toolResultMessage, WholeOutput } from './run-output.js';
import type { Run } from './run.js';

/** A run that waits for a person, as it is written down for a restart. */
interface Checkpoint {
  readonly request: RunRequest;
  readonly agent?: AgentState;
  readonly approvals: readonly ApprovalRecord[];
}

/** Answers queries with the agent loop and tool calls with the tools: the three kinds of run. */
export class AgentExecutor implements RunExecutor {
  readonly #settings: ExecutorSettings;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: AgentExecutorOptions) {
    this.#settings = checkExecutorOptions(options);
  }

  check(request: RunRequest): void {
    if (request.type === 'tool_call') this.#checkTool(request.tool_name);
    else {
      checkChosen(request, this.#settings.clientMayChoose);
      for (const name of request.tools ?? []) this.#checkTool(name);
    }
  }

  execute(run: Run, request: RunRequest): Promise<RunMessage> {
    return request.type === 'tool_call' ? this.#callTool(run, request) : this.#answer(run, request);
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
    const { ledger } = this.#settings;
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
      if (!run.isStopping)
        this.#settings.logger.error({ runId: run.id.slice(0, 8), err: error }, 'The provider failed');
      throw new AgentSocketError('provider_error', 'The model provider failed', { cause: error });
    }
  }

  /** How the run ended stands, whatever becomes of its records. */
  #forget(run: Run): void {
    try {
      this.#settings.ledger.forget(runKey(run.principal.id, run.id));
    } catch (error) {
      this.#settings.logger.error({ runId: run.id.slice(0, 8), err: error }, 'The tool ledger could not forget a run');
    }
  }

  #checkTool(name: string): void {
    if (this.#settings.tools.get(name) === undefined) {
      throw new AgentSocketError('unknown_tool', `There is no tool ${JSON.stringify(name)}`);
    }
  }

  async #answer(run: Run, request: QueryRequest): Promise<RunMessage> {
    const { provider, systemPrompt, fitContext, maxContextTokens } = this.#settings;
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
    if (systemPrompt !== '') messages = [{ role: 'system', content: systemPrompt }, ...messages];
    if (turn !== undefined) messages = await fitContext(messages, maxContextTokens);
    const { model, temperature, tools: toolNames } = request;
    const agent = startAgent([...messages], { model, temperature, toolNames });
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
    const { provider, maxSteps } = this.#settings;
    const isWhole = request.type === 'agent_query';
    run.worker = {
      end: (state) => {
        turn?.add(turnMessages(agent, from), state === 'finished' ? undefined : state);
        this.#forget(run);
        return outcomeOf(agent, state, isWhole);
      },
      checkpoint: () => JSON.stringify({ request, agent, approvals: run.approvals.records } satisfies Checkpoint),
    };
    const output = isWhole ? new WholeOutput(run, agent) : new StreamedOutput(run);
    const deps: AgentDeps = { provider, output, maxSteps, forTools: this.#toolDeps(run) };
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
    return new ConversationTurn(this.#settings.conversations, { owner, id: conversationId }, id);
  }

  #toolDeps(run: Run): ToolDeps {
    const { tools, ledger, maxToolResultBytes, approvalTimeoutMs, logger } = this.#settings;
    return {
      tools,
      ledger,
      principal: run.principal,
      runId: run.id,
      runKey: runKey(run.principal.id, run.id),
      signal: run.signal,
      maxResultBytes: maxToolResultBytes,
      logger,
      approvals: run.options.canApprove === true ? approvalGate(run, approvalTimeoutMs) : undefined,
    };
  }
}
