import { assistantMessage, toolMessage, type AgentState } from './agent-state.js';
import type { LlmMessage } from './llm-provider.js';

/** Where the question stands: what follows it is the turn's own. */
export function questionAt(messages: readonly LlmMessage[]): number {
  return messages.findLastIndex(({ role }) => role === 'user');
}

/** What a run adds to its conversation: whole steps, calls that were cut off answered, and what there is of the answer. */
export function turnMessages(agent: AgentState): LlmMessage[] {
  const said = agent.messages.slice(questionAt(agent.messages) + 1);
  const messages = [...said, ...agent.pendingToolCalls.map(toolMessage)];
  const partial = agent.partial === undefined ? undefined : assistantMessage(agent.partial);
  if (partial !== undefined) messages.push(partial);
  return messages;
}
