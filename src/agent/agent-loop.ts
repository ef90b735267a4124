import { AgentSocketError } from '../errors/agent-socket-error.js';
import { isDeeperThan } from '../protocol/depth.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';
import { LIMITS } from '../protocol/version.js';
import { estimateTokens } from './estimate-tokens.js';
import type { LlmMessage, LlmPart, LlmProvider, LlmRequest, LlmToolCall } from './llm-provider.js';
import { TextBuilder } from './text-builder.js';
import { runTool, type ToolCall, type ToolDeps, type ToolOutcome } from './run-tool.js';
import { unknownTool } from './unknown-tool.js';

/** A tool call of the model, as far as it is answered. */
export interface PendingToolCall {
  readonly call: LlmToolCall;
  /** Whether the client was told of it. */
  announced?: boolean;
  /** What the model will be told. */
  answer?: string;
}

/** Where an agent stands: plain data, so that it can be written down before a wait and picked up later. */
export interface AgentState {
  messages: LlmMessage[];
  /** Model calls begun. */
  step: number;
  /** Calls the model asked for that are not answered yet. */
  pendingToolCalls: PendingToolCall[];
  /** Names of the tools the model sees; absent for all. */
  toolNames?: readonly string[] | undefined;
  model?: string | undefined;
  temperature?: number | undefined;
  /** The last text of the model that was not empty. */
  content: string;
  usage: Usage | undefined;
  /** Text of the model call in progress, or of the one that was cut short. */
  partial: TextBuilder | undefined;
  /** Whether what {@link partial} cost is part of {@link usage} already. */
  isCounted?: boolean;
}

/** A new agent for one question. */
export function startAgent(
  messages: LlmMessage[],
  { toolNames, model, temperature }: Pick<AgentState, 'toolNames' | 'model' | 'temperature'>,
): AgentState {
  return {
    messages,
    step: 0,
    pendingToolCalls: [],
    toolNames,
    model,
    temperature,
    content: '',
    usage: undefined,
    partial: undefined,
    isCounted: false,
  };
}

/** Where the agent's output goes: the log of the run. All synchronous; a run that is over takes nothing. */
export interface AgentOutput {
  text(delta: string): void;
  reasoning(delta: string): void;
  toolCall(call: ToolCall): void;
  toolResult(call: ToolCall, outcome: ToolOutcome): void;
  /** Output that is kept and not shown: it counts against the bounds of the run as well. */
  charge(bytes: number): void;
  /** Where every reader lags behind: a promise to wait for before more is pulled from the provider. */
  backpressure(): Promise<void> | undefined;
}

/** What the loop works with. */
export interface AgentDeps {
  readonly provider: LlmProvider;
  readonly output: AgentOutput;
  /** Model calls at most. */
  readonly maxSteps: number;
  /** What its tools are executed with. Their signal is the agent's as well. */
  readonly forTools: ToolDeps;
}

/**
 * Asks the model, executes the tools it calls, all calls of a step in parallel, and tells it the results,
 * until it answers without calling any. Returns why it stopped; rejects where the provider fails.
 */
export async function agentLoop(state: AgentState, deps: AgentDeps): Promise<FinishReason> {
  const { signal } = deps.forTools;
  for (;;) {
    if (state.pendingToolCalls.length > 0) {
      const answers = await Promise.all(state.pendingToolCalls.map((call) => answerToolCall(call, state, deps)));
      state.messages.push(...answers);
      state.pendingToolCalls = [];
      signal.throwIfAborted();
    }
    state.step++;
    const answer = await askModel(state, deps);
    signal.throwIfAborted();
    const { text, toolCalls } = answer;
    if (text !== '') state.content = text;
    const isLast = toolCalls.length === 0 || state.step >= deps.maxSteps;
    if (isLast) {
      if (text !== '') state.messages.push({ role: 'assistant', content: text });
      return toolCalls.length === 0 ? answer.reason : 'max_steps';
    }
    state.messages.push({ role: 'assistant', content: text, toolCalls });
    state.pendingToolCalls = toolCalls.map((call) => ({ call }));
  }
}

/** Tool calls of one answer of the model: they are executed at the same time. */
const MAX_CALLS = 128;

/** Bytes a tool call costs besides its arguments, roughly. */
const CALL_OVERHEAD = 200;

interface Answer {
  text: string;
  toolCalls: LlmToolCall[];
  reason: FinishReason;
}

async function askModel(state: AgentState, deps: AgentDeps): Promise<Answer> {
  const { output } = deps;
  const { signal, principal, runId, conversationId, metadata } = deps.forTools;
  const text = new TextBuilder();
  const toolCalls: LlmToolCall[] = [];
  let usage: Usage | undefined;
  let reason: FinishReason | undefined;
  let complete = false;
  const take = (part: LlmPart): void => {
    switch (part.type) {
      case 'text-delta':
        text.append(part.text);
        output.text(part.text);
        break;
      case 'reasoning-delta':
        output.reasoning(part.text);
        break;
      case 'tool-call':
        if (toolCalls.length >= MAX_CALLS) {
          throw new AgentSocketError('provider_error', `The model asked for more than ${MAX_CALLS} tool calls at once`);
        }
        output.charge(Buffer.byteLength(part.arguments) + CALL_OVERHEAD);
        toolCalls.push({ id: uniqueCallId(part.id, toolCalls, state), name: part.name, arguments: part.arguments });
        break;
      case 'usage':
        usage = { input_tokens: wholeNumber(part.inputTokens), output_tokens: wholeNumber(part.outputTokens) };
        if (part.estimated === true) usage.estimated = true;
        break;
      case 'finish':
        reason = part.reason;
        break;
    }
  };
  state.partial = text;
  state.isCounted = false;
  try {
    for await (const element of deps.provider.stream(requestOf(state, deps), {
      signal,
      principal,
      runId,
      conversationId,
      metadata,
    })) {
      if (signal.aborted) break;
      if (isBatch(element)) for (const part of mergeText(element)) take(part);
      else take(element);
      const wait = output.backpressure();
      if (wait !== undefined) await wait;
    }
    complete = !signal.aborted;
  } finally {
    // Cut short before the provider told: estimated when asked. Where the answer is whole, unknown stays unknown.
    state.usage = addUsage(state.usage, usage);
    if (complete) state.partial = undefined;
    else state.isCounted = usage !== undefined;
  }
  return { text: text.toString(), toolCalls, reason: reason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop') };
}

/**
 * The provider's id where it is new in this run and a client can name it; some providers count from 0 in every answer.
 */
function uniqueCallId(given: string, siblings: readonly LlmToolCall[], state: AgentState): string {
  const id = given.length > LIMITS.toolCallIdLength ? '' : given;
  const isTaken = (wanted: string): boolean =>
    siblings.some((call) => call.id === wanted) ||
    state.messages.some((message) => message.role === 'tool' && message.toolCallId === wanted);
  let unique = id;
  for (let i = siblings.length; unique === '' || isTaken(unique); i++) {
    unique = `${id === '' ? 'call' : id}-${state.step}-${i}`;
  }
  return unique;
}

function requestOf(state: AgentState, deps: AgentDeps): LlmRequest {
  return {
    messages: [...state.messages],
    tools: deps.forTools.tools.describe(state.toolNames),
    ...(state.model !== undefined && { model: state.model }),
    ...(state.temperature !== undefined && { temperature: state.temperature }),
  };
}

function isBatch(element: LlmPart | readonly LlmPart[]): element is readonly LlmPart[] {
  return Array.isArray(element);
}

/** Joins neighbouring text of one batch: what arrived together is shown together. */
function mergeText(parts: readonly LlmPart[]): LlmPart[] {
  const merged: LlmPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if ((part.type === 'text-delta' || part.type === 'reasoning-delta') && last?.type === part.type) {
      merged[merged.length - 1] = { type: part.type, text: last.text + part.text };
    } else merged.push(part);
  }
  return merged;
}

async function answerToolCall(pending: PendingToolCall, state: AgentState, deps: AgentDeps): Promise<LlmMessage> {
  const { call } = pending;
  pending.answer ??= await callTool(pending, state, deps);
  return { role: 'tool', toolCallId: call.id, toolName: call.name, content: pending.answer };
}

async function callTool(pending: PendingToolCall, state: AgentState, deps: AgentDeps): Promise<string> {
  const { call } = pending;
  const parsed = parseArguments(call);
  const toolCall = { toolCallId: call.id, toolName: call.name, params: parsed.ok ? parsed.params : call.arguments };
  if (pending.announced !== true) deps.output.toolCall(toolCall);
  pending.announced = true;
  const outcome = !parsed.ok
    ? parsed
    : state.toolNames?.includes(call.name) === false
      ? // It exists, but this query does not offer it: the model made it up or was talked into it.
        { ok: false as const, error: unknownTool(call.name, state.toolNames) }
      : await runTool(toolCall, deps.forTools);
  pending.answer = outcome.ok ? JSON.stringify(outcome.result) : JSON.stringify({ error: outcome.error.message });
  deps.output.toolResult(toolCall, outcome);
  return pending.answer;
}

type Arguments =
  { readonly ok: true; readonly params: unknown } | { readonly ok: false; readonly error: AgentSocketError };

/** The arguments as the model wrote them; none at all counts as an empty object. */
function parseArguments({ name, arguments: text }: LlmToolCall): Arguments {
  if (text.trim() === '') return { ok: true, params: {} };
  if (isDeeperThan(text, LIMITS.depth)) return refuse(`The arguments of "${name}" are nested too deep`);
  try {
    return { ok: true, params: JSON.parse(text) };
  } catch {
    return refuse(`The arguments of "${name}" are not valid JSON`);
  }
}

function refuse(message: string): Arguments {
  return { ok: false, error: new AgentSocketError('invalid_params', message) };
}

/** What the run cost so far, the model call in progress included. */
export function usageOf(state: AgentState): Usage | undefined {
  if (state.partial === undefined || state.isCounted === true) return state.usage;
  return addUsage(state.usage, estimateUsage(state.messages, state.partial));
}

function estimateUsage(messages: readonly LlmMessage[], text: TextBuilder): Usage {
  let input = 0;
  for (const message of messages) input += estimateTokens(message.content);
  return { input_tokens: input, output_tokens: estimateTokens(text.toString()), estimated: true };
}

/** Providers are often the embedder's own: what they count may be missing, a fraction or a BigInt. */
function wholeNumber(count: unknown): number {
  const number = Math.round(Number(count));
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Usage = {
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
  };
  if (a.estimated === true || b.estimated === true) sum.estimated = true;
  return sum;
}
