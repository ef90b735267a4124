import { assistantMessage, toolMessage, type AgentState } from './agent-state.js';
import type { LlmMessage } from './llm-provider.js';

/** What a run adds to its conversation: whole steps, calls that were cut off answered, and what there is of the answer. */
export function turnMessages(agent: AgentState, from: number): LlmMessage[] {
  const messages = [...agent.messages.slice(from), ...agent.pendingToolCalls.map(toolMessage)];
  const partial = agent.partial === undefined ? undefined : assistantMessage(agent.partial);
  if (partial !== undefined) messages.push(partial);
  return messages;
}
