import type { AgentState } from './agent-loop.js';
import type { LlmMessage } from './llm-provider.js';

/** What a run adds to its conversation: whole steps, calls that were cut off answered, and what there is of the answer. */
export function turnMessages(agent: AgentState, from: number): LlmMessage[] {
  const messages = agent.messages.slice(from);
  for (const { call, answer } of agent.pendingToolCalls) {
    const content = answer ?? JSON.stringify({ error: 'The call was cut off; whether it took effect is unknown' });
    messages.push({ role: 'tool', toolCallId: call.id, toolName: call.name, content });
  }
  const partial = agent.partial?.toString() ?? '';
  if (partial !== '') messages.push({ role: 'assistant', content: partial });
  return messages;
}
