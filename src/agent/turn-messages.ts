import { assistantMessage, toolMessage, type AgentState } from './agent-state.js';
import type { LlmMessage } from './llm-provider.js';

/** Index of the question: the messages after it belong to the turn. */
export function questionAt(messages: readonly LlmMessage[]): number {
  return messages.findLastIndex(({ role }) => role === 'user');
}

/** Number of tool calls of the turn that were answered. */
export function answeredCalls({ messages, pendingToolCalls }: AgentState): number {
  const answered = messages.slice(questionAt(messages) + 1).filter(({ role }) => role === 'tool').length;
  return answered + pendingToolCalls.filter(({ answer }) => answer !== undefined).length;
}

/** The messages a run adds to its conversation: complete steps, errors for cut-off calls, and the partial answer. */
export function turnMessages(agent: AgentState): LlmMessage[] {
  const said = agent.messages.slice(questionAt(agent.messages) + 1);
  const messages = [...said, ...agent.pendingToolCalls.map(toolMessage)];
  const partial = agent.partial === undefined ? undefined : assistantMessage(agent.partial);
  if (partial !== undefined) messages.push(partial);
  return messages;
}
