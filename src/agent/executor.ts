import { agentLoop } from './agent-loop.js';
import type { AgentDeps } from './agent-deps.js';
import { startAgent, type AgentState } from './agent-state.js';
import type { Asker } from '../tool/asker.js';
import type { LlmMessage } from './llm-provider.js';
import { runTool, type ToolCall, type ToolDeps } from '../tool/run-tool.js';
import { unknownTool } from '../tool/unknown-tool.js';
import { attachedBytes, toLlmAttachments } from './attachments.js';
import { answeredCalls, questionAt, turnMessages } from './turn-messages.js';
import { chatTokens, checkQuestion } from './context-window.js';
import { usageOf } from './usage.js';
import { ConversationTurn, type TurnEnd, type TurnPlace } from './conversation-turn.js';
import { recoverPlace } from './recover-place.js';
import type { Principal } from '../connection/principal.js';
import { checkOptions } from '../runtime/option-table.js';
import { errorKind } from '../runtime/error-fields.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ClientMessageOf, RunRequest } from '../protocol/client-messages.js';
import type { FinishReason } from '../protocol/server-messages.js';
import { approvalGate } from './approval-gate.js';
import { decodeCheckpoint, encodeCheckpoint, withAttachments } from './agent-checkpoint.js';
import { checkAttachments, describeRules, NO_ATTACHMENTS, type AttachmentRules } from './attachment-rules.js';
import { allOf, andThen, isLater, orElse } from '../runtime/awaitable.js';
import { checkChosen, type QueryRequest } from './client-choices.js';
import { PermittedTools } from './permitted-tools.js';
import { Permissions } from '../permission/permissions.js';
import { EXECUTOR_OPTIONS, type AgentExecutorOptions, type ExecutorSettings } from './executor-options.js';
import { cutOff, draftOfBranch, readDraft, readRecoveredLog, toolAnswer } from './recovered-log.js';
import type { RunExecutor } from '../run/run-executor.js';
import type { RunMessage } from '../log/run-message.js';
import { askerOf, messageError, questionOf, startOf, statusOf } from './query-forms.js';
import { outcomeOf, StreamedOutput, toolDataMessage, toolResultMessage, WholeOutput } from './run-output.js';
import type { FinalState } from '../store/run-state.js';
import type { RunOutcome, RunWorker } from '../run/run-worker.js';
import type { Run } from '../run/run.js';

/** The outcome of the work of a run, asked for when the run is over. */
interface TurnWork {
  said?(): LlmMessage[];
  /** Number of tool calls that were answered. */
  calls?(): number;
  how?(): Pick<TurnEnd, 'finishReason' | 'usage'>;
  outcome?(state: FinalState): RunOutcome;
  /** See {@link RunWorker}. */
  checkpoint?: (() => string) | undefined;
}

/** Executes the three kinds of runs: queries with the agent loop, tool calls with the tools. */
export class AgentExecutor<P extends Principal = Principal, Metadata = unknown> implements RunExecutor {
  readonly #settings: ExecutorSettings;
  readonly #permissions: Permissions;
  readonly #withoutTools: AgentDeps['withoutTools'] = new Set();

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: AgentExecutorOptions<P, Metadata>) {
    // The types of hooks matter to embedders only; the engine treats what hooks return as unknown.
    this.#settings = checkOptions(options as AgentExecutorOptions, EXECUTOR_OPTIONS);
    this.#permissions = new Permissions(this.#settings);
  }

  /** The rules for attachments of a question; `undefined` if attachments are not accepted. */
  get attachments(): AttachmentRules | undefined {
    const { attachments, provider } = this.#settings;
    return attachments === false ? undefined : describeRules(attachments, provider.accepts ?? []);
  }

  check(request: RunRequest, asker: Asker): void {
    if (request.type === 'tool_call') return this.#checkTools([request.tool_name], asker, 'client');
    checkChosen(request, this.#choicesOf(asker));
    this.#checkTools(request.tools ?? [], asker, 'model');
    const { attachments: rules, provider, maxContextTokens } = this.#settings;
    const { query, attachments = [] } = request;
    if (attachments.length > 0) checkAttachments(attachments, rules || NO_ATTACHMENTS, provider.accepts ?? []);
    checkQuestion(query, toLlmAttachments(attachments), maxContextTokens);
  }

  execute(run: Run, request: RunRequest): Promise<RunMessage> {
    return request.type === 'tool_call' ? this.#callTool(run, request) : this.#answer(run, request);
  }

  async restore(run: Run, checkpoint: string): Promise<RunMessage> {
    const { request, agent, approvals, place } = decodeCheckpoint(checkpoint);
    // Restored before the first `await`, since a person may decide from now on.
    run.approvals.restore(approvals);
    if (request.type === 'tool_call') return this.#callTool(run, request);
    if (agent === undefined) throw new Error('The checkpoint of a query has no agent');
    const turn = this.#turnOf(run, place ?? (await this.#placeOf(run)));
    const { owner, conversationId: id } = run.meta;
    if (id !== undefined) {
      agent.messages = await withAttachments(agent.messages, this.#settings.conversations, { owner, id });
      run.hold(attachedBytes(agent.messages));
    }
    return this.#ask(run, request, agent, turn);
  }

  async recover(run: Run, written: string): Promise<void> {
    const draft = readDraft(written);
    const { messages, text, answer, openCalls, openApprovals } = await readRecoveredLog(run.log, draft);
    for (const toolCallId of openApprovals) {
      run.message({ type: 'approval_resolved', tool_call_id: toolCallId, approved: false, by: 'cancel' });
    }
    const { ledger } = this.#settings;
    const { key } = run;
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
    if (answer !== undefined) messages.push(answer);
    // The log of an `agent_query` does not hold the text of its answer.
    const isWhole = run.kind === 'agent_query';
    const content = isWhole
      ? text || ([...draft.steps.values()].findLast((step) => step.text !== undefined)?.text ?? '')
      : '';
    const place = await this.#placeOf(run);
    const turn = this.#turnOf(run, place && { ...place, before: draft.before });
    run.worker = this.#workerOf(run, turn, {
      said: () => messages,
      outcome: () => ({ content: content === '' ? undefined : content }),
    });
  }

  /** Turns errors of the provider into provider errors; errors of a store or an operator's hook stay as they are. */
  #failureOf(run: Run, error: unknown): AgentSocketError {
    if (AgentSocketError.isInstance(error)) {
      this.#logRefusal(run, error);
      return error;
    }
    if (!run.signal.aborted) this.#settings.logger.error({ runId: run.id, err: error }, 'The provider failed');
    return new AgentSocketError('provider_error', 'The model provider failed', { cause: error });
  }

  /** Logs details that clients do not get: they are the operator's concern, and may quote the question. */
  #logRefusal({ id: runId, signal }: Run, { code, message: error, detail, cause }: AgentSocketError): void {
    if (signal.aborted || (detail === undefined && cause === undefined)) return;
    const fields = { runId, code, error, ...(detail !== undefined && { detail }), cause: errorKind(cause) };
    this.#settings.logger.warn(fields, 'The model gave no answer');
  }

  /**
   * Shortens a chat that its model refused as too long to half of its size, by dropping the oldest turns as
   * `maxContextTokens` does. `undefined` if nothing but the question is left.
   */
  async #shorten({ id: runId }: Run, chat: readonly LlmMessage[]): Promise<LlmMessage[] | undefined> {
    const { fitContext, logger } = this.#settings;
    const asked = chat.slice(0, questionAt(chat) + 1);
    const maxTokens = Math.floor(chatTokens(asked) / 2);
    const fitted = await fitContext(asked, maxTokens);
    if (fitted.length >= asked.length) return undefined;
    logger.warn(
      { runId, maxTokens },
      'The model takes less than `maxContextTokens` says; it is asked again with the newest of the conversation',
    );
    return [...fitted, ...chat.slice(asked.length)];
  }

  /** The worker that ends a run: it records in the conversation what there is of the answer, and how the run ended. */
  #workerOf(run: Run, turn: ConversationTurn | undefined, work: TurnWork = {}): RunWorker {
    return {
      end: (state, error) => {
        const kept = turn?.add(work.said?.() ?? [], {
          ...work.how?.(),
          status: statusOf(state),
          error: messageError(error),
        });
        run.toolCalls = work.calls?.() ?? 0;
        return andThen(kept, () => {
          this.#forget(run);
          return work.outcome?.(state) ?? {};
        });
      },
      checkpoint: work.checkpoint,
    };
  }

  /** Drops the records of the run. A failure does not change how the run ended. */
  #forget(run: Run): void {
    const { ledger, logger } = this.#settings;
    void orElse(
      () => ledger.forget(run.key),
      (error) => logger.error({ runId: run.id, err: error }, 'The tool ledger could not forget a run'),
    );
  }

  /** What a query may choose: a model that the principal may not use is as unknown as one that does not exist. */
  #choicesOf({ principal }: Asker): ExecutorSettings['clientMayChoose'] {
    const { clientMayChoose } = this.#settings;
    if (clientMayChoose.models.length === 0) return clientMayChoose;
    const models = clientMayChoose.models.filter((model) => this.#permissions.allows(principal, 'model', { model }));
    return { ...clientMayChoose, models };
  }

  #checkTools(names: readonly string[], asker: Asker, by: 'model' | 'client'): void {
    if (names.length === 0) return;
    const tools = new PermittedTools(this.#settings.tools(asker), this.#permissions, asker.principal, by);
    for (const name of names) {
      if (tools.get(name) === undefined) throw unknownTool(name, tools.names);
    }
  }

  async #answer(run: Run, request: QueryRequest): Promise<RunMessage> {
    const { provider, fitContext, maxContextTokens } = this.#settings;
    const { temperature, tools: toolNames } = request;
    const asker = askerOf(run);
    const turn = this.#turnOf(run);
    // From here on, the recorded question gets an answer or a status, whatever happens.
    run.worker = this.#workerOf(run, turn);
    // The question is recorded before the run begins, so that it exists after a crash if a client has seen the run.
    const asked = turn === undefined ? [questionOf(request)] : await this.#askIn(turn, run, request);
    const told = allOf([request.model ?? this.#settings.model(asker), this.#settings.systemPrompt(asker)]);
    const [model, systemPrompt = ''] = isLater(told) ? await told : told;
    run.abort.throwIfAborted();
    run.message(startOf(run, request, { vendor: provider.vendor, model: model ?? provider.model, place: turn?.place }));
    let messages = asked;
    if (systemPrompt !== '') messages = [{ role: 'system', content: systemPrompt }, ...messages];
    if (turn !== undefined) messages = await fitContext(messages, maxContextTokens);
    const agent = startAgent([...messages], { model, temperature, toolNames });
    run.abort.throwIfAborted();
    return this.#ask(run, request, agent, turn);
  }

  async #askIn(turn: ConversationTurn, run: Run, request: QueryRequest): Promise<readonly LlmMessage[]> {
    const { query, attachments, replace_from: replaceFrom } = request;
    const { provider, maxContextTokens } = this.#settings;
    const name = run.options.author?.name;
    const chat = await turn.ask({ query, name, attachments, replaceFrom }, provider.accepts ?? [], run.abort);
    // The attachments of a replaced question were not in the request.
    const asked = chat.at(-1);
    if (asked?.role === 'user') checkQuestion(asked.content, asked.attachments ?? [], maxContextTokens);
    // Attachments that came with the request are counted already.
    run.hold(attachedBytes(attachments === undefined ? chat : chat.slice(0, -1)));
    if (turn.place?.before !== undefined) run.keepDraft(draftOfBranch(turn.place.before));
    return chat;
  }

  /** Asks the model until it has answered. */
  async #ask(
    run: Run,
    request: QueryRequest,
    agent: AgentState,
    turn: ConversationTurn | undefined,
  ): Promise<RunMessage> {
    const { provider, maxSteps } = this.#settings;
    const isWhole = request.type === 'agent_query';
    const done: { reason?: FinishReason } = {};
    run.model = agent.model ?? provider.model;
    run.worker = this.#workerOf(run, turn, {
      said: () => turnMessages(agent),
      calls: () => answeredCalls(agent),
      how: () => ({ finishReason: done.reason, usage: usageOf(agent) }),
      outcome: (state) => outcomeOf(agent, state, isWhole),
      checkpoint: () => encodeCheckpoint({ request, agent, approvals: run.approvals.records, place: turn?.place }),
    });
    const output = isWhole ? new WholeOutput(run, agent) : new StreamedOutput(run, agent);
    const shorten = (chat: readonly LlmMessage[]): Promise<LlmMessage[] | undefined> => this.#shorten(run, chat);
    const deps: AgentDeps = {
      provider,
      output,
      maxSteps,
      shorten,
      withoutTools: this.#withoutTools,
      tracer: this.#settings.tracer,
      onModel: (report) => run.listener.onModel(run, report),
      forTools: this.#toolDeps(run),
    };
    let reason;
    try {
      reason = done.reason = await agentLoop(agent, deps);
    } catch (error) {
      throw this.#failureOf(run, error);
    }
    if (!isWhole) return { type: 'stream_end', finish_reason: reason, usage: agent.usage };
    return {
      type: 'agent_response',
      content: agent.content,
      vendor: provider.vendor,
      model: agent.model ?? provider.model,
      conversation_id: run.meta.conversationId,
      finish_reason: reason,
      usage: agent.usage,
    };
  }

  async #callTool(run: Run, request: ClientMessageOf<'tool_call'>): Promise<RunMessage> {
    const { tool_name: toolName, params } = request;
    const call: ToolCall = { toolCallId: run.id, toolName, params };
    let calls = 0;
    run.worker = this.#workerOf(run, undefined, {
      calls: () => calls,
      checkpoint: () => encodeCheckpoint({ request, approvals: run.approvals.records }),
    });
    const onReport = (data: unknown): void => run.message(toolDataMessage(call, data));
    const outcome = await runTool(call, { ...this.#toolDeps(run), onReport });
    calls++;
    // The final message `cancelled` does not say whether the tool took effect, so its result is written first.
    if (run.isStopping) run.message(toolResultMessage(call, outcome));
    if (outcome.ok) return { type: 'tool_result', tool_name: toolName, result: outcome.result };
    throw outcome.error;
  }

  #turnOf({ meta: { owner, id, conversationId, payer } }: Run, place?: TurnPlace): ConversationTurn | undefined {
    if (conversationId === undefined) return undefined;
    return new ConversationTurn(this.#settings.conversations, { owner, id: conversationId, payer }, id, place);
  }

  /** The place in its conversation of a run that an earlier process began. */
  async #placeOf({ log, meta: { owner, id, conversationId } }: Run): Promise<TurnPlace | undefined> {
    if (conversationId === undefined) return undefined;
    return recoverPlace(this.#settings.conversations, { owner, id: conversationId }, id, log);
  }

  #toolDeps(run: Run): ToolDeps {
    const { tools, ledger, maxToolResultBytes, approvalTimeoutMs, tracer, logger } = this.#settings;
    const asker = askerOf(run);
    const by = run.kind === 'tool_call' ? 'client' : 'model';
    // Listed, not spread: a copy would have a hidden class of its own, and every look at it would miss its cache.
    return {
      principal: asker.principal,
      runId: asker.runId,
      conversationId: asker.conversationId,
      metadata: asker.metadata,
      trace: asker.trace,
      tools: new PermittedTools(tools(asker), this.#permissions, asker.principal, by),
      ledger,
      runKey: run.key,
      abort: run.abort,
      maxResultBytes: maxToolResultBytes,
      logger,
      tracer,
      onDone: (report) => run.listener.onTool(run, report),
      approvals: run.options.canApprove === true ? approvalGate(run, approvalTimeoutMs) : undefined,
    };
  }
}
