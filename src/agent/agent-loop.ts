import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { FinishReason } from '../protocol/server-messages.js';
import type { AgentDeps } from './agent-deps.js';
import { assistantMessage, toolMessage, type AgentState, type PendingToolCall } from './agent-state.js';
import { askAgain } from './ask-again.js';
import type { Answer } from './ask-model.js';
import type { LlmAssistantMessage } from './llm-provider.js';
import { runTool, type ToolCall, type ToolOutcome } from '../tool/run-tool.js';
import { acceptableArguments, readArguments } from '../tool/tool-arguments.js';
import { unknownTool } from '../tool/unknown-tool.js';

/**
 * Asks the model, executes the tools it calls (all calls of a step in parallel) and sends the results, until the model
 * answers without a call. If the last allowed step still calls tools, the model is asked once more without tools, so
 * that there is an answer. Returns why the model stopped; rejects if the provider fails.
 */
export async function agentLoop(state: AgentState, deps: AgentDeps): Promise<FinishReason> {
  const { abort } = deps.forTools;
  let wasCutOff = false;
  for (;;) {
    await answerToolCalls(state, deps);
    if (state.step >= deps.maxSteps) {
      // The model answers from what it has; it cannot call more tools.
      state.step++;
      const lastWord = await askAgain(state, deps, false);
      abort.throwIfAborted();
      take(lastWord, state);
      return 'max_steps';
    }
    state.step++;
    const answer = await askAgain(state, deps, true);
    abort.throwIfAborted();
    const message = take(answer, state, answer.toolCalls);
    const { reason } = answer;
    if (message === undefined || answer.toolCalls.length === 0) return reason;
    deps.output.willCall(message);
    // A call cut off by the output limit may be complete at the next try. After two cut-offs in a row the loop stops.
    if (isCutOff(reason) && (wasCutOff || reason !== 'length')) {
      await answerToolCalls(state, deps);
      return reason;
    }
    wasCutOff = isCutOff(reason);
  }
}

/** Adds what the model said to the chat, and its calls to the pending calls. */
function take(answer: Answer, state: AgentState, toolCalls: Answer['toolCalls'] = []): LlmAssistantMessage | undefined {
  if (answer.text.length > 0) state.content = answer.text.toString();
  const message = assistantMessage(answer, toolCalls);
  if (message !== undefined) state.messages.push(message);
  const { reason } = answer;
  state.pendingToolCalls = toolCalls.map((call) => (isCutOff(reason) ? { call, cutOffBy: reason } : { call }));
  return message;
}

/** Whether the finish reason means that the answer is incomplete. Other reasons also come with complete answers. */
function isCutOff(reason: FinishReason): boolean {
  return reason === 'length' || reason === 'content_filter' || reason === 'cancelled' || reason === 'error';
}

/** Executes the pending calls in parallel and adds the results to the chat. */
async function answerToolCalls(state: AgentState, deps: AgentDeps): Promise<void> {
  const pending = state.pendingToolCalls;
  if (pending.length === 0) return;
  const calls = pending.map((one) => {
    const read = readArguments(one.call);
    const { id, name, arguments: text } = one.call;
    return { pending: one, read, call: { toolCallId: id, toolName: name, params: read.ok ? read.params : text } };
  });
  // All calls come before the first result, so that the log shows which calls were made together.
  for (const { pending: one, call } of calls) {
    if (one.announced !== true) deps.output.toolCall(call);
    one.announced = true;
  }
  await Promise.all(
    calls.map(async ({ pending: one, read, call }) => {
      if (one.answer !== undefined) return;
      const outcome = read.ok || one.cutOffBy !== undefined ? await callTool(one, call, state, deps) : read;
      one.answer = toolAnswer(one, outcome);
      if (!outcome.ok) one.error = { code: outcome.error.code, message: outcome.error.message };
      deps.output.toolResult(call, outcome);
    }),
  );
  state.messages.push(...pending.map(toolMessage));
  state.pendingToolCalls = [];
  deps.forTools.abort.throwIfAborted();
}

function callTool(
  pending: PendingToolCall,
  call: ToolCall,
  { toolNames }: AgentState,
  { output, forTools }: AgentDeps,
): ToolOutcome | Promise<ToolOutcome> {
  const { toolName } = call;
  const { cutOffBy } = pending;
  if (cutOffBy !== undefined) {
    const by = cutOffBy === 'length' ? 'by the output limit of the model' : `(${cutOffBy})`;
    return refuse('invalid_params', `The call to "${toolName}" was cut off ${by} and not executed`);
  }
  // The tool exists, but this query does not offer it.
  if (toolNames?.includes(toolName) === false) return { ok: false, error: unknownTool(toolName, toolNames) };
  const onReport = (data: unknown): void => {
    (pending.data ??= []).push(data);
    output.toolData(call, data);
  };
  return runTool(call, { ...forTools, onReport, byModel: true });
}

function refuse(code: 'invalid_params', message: string): ToolOutcome {
  return { ok: false, error: new AgentSocketError(code, message) };
}

/** Characters of invalid arguments that are quoted to the model. */
const SHOWN_LENGTH = 500;

/** The tool result for the model. Arguments that had to be replaced are quoted, so that the model sees its mistake. */
function toolAnswer({ call }: PendingToolCall, outcome: ToolOutcome): string {
  if (outcome.ok) return JSON.stringify(outcome.result);
  const { message: error } = outcome.error;
  const isShown = call.arguments.trim() === '' || acceptableArguments(call.arguments) === call.arguments;
  return JSON.stringify(isShown ? { error } : { error, arguments: call.arguments.slice(0, SHOWN_LENGTH) });
}
