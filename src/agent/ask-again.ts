import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { AgentDeps } from './agent-deps.js';
import type { AgentState } from './agent-state.js';
import { askModel, type Answer, type OfferedTools } from './ask-model.js';

/**
 * One model call. Where the server refuses the request before a word was said, it is asked again with one that says the
 * same in less, or in plainer form: a chat must not end because of what happened in it.
 */
export async function askAgain(state: AgentState, deps: AgentDeps, mayCall: boolean): Promise<Answer> {
  const { tools: registry, signal } = deps.forTools;
  const tools = registry.describe(state.toolNames);
  let offered: OfferedTools = { tools: mayCall ? tools : [] };
  for (;;) {
    try {
      return await askModel(state, deps, offered);
    } catch (error) {
      signal.throwIfAborted();
      if (!AgentSocketError.isInstance(error) || hasSaid(state)) throw error;
      if (error.code === 'context_too_long') {
        const shorter = await deps.shorten(state.messages);
        if (shorter === undefined) throw error;
        state.messages = shorter;
      } else {
        const plainer = error.code === 'provider_refused' ? inPlainerForm(offered, state, tools) : undefined;
        if (plainer === undefined) throw error;
        offered = plainer;
      }
    }
  }
}

function hasSaid({ partial }: AgentState): boolean {
  return partial !== undefined && partial.text.length + partial.reasoning.length > 0;
}

/**
 * Some servers, Anthropic's models behind them, take a chat that holds tool calls only together with tools. Others know no
 * way to forbid tools but to name none, so this comes second. Where there are none any more, the calls are told as text.
 */
function inPlainerForm(
  offered: OfferedTools,
  { messages }: AgentState,
  tools: OfferedTools['tools'],
): OfferedTools | undefined {
  const holdsCalls = messages.some((message) => message.role === 'assistant' && message.toolCalls !== undefined);
  if (!holdsCalls || offered.callsAsText === true) return undefined;
  if (offered.tools.length > 0 && offered.toolChoice !== 'none') return undefined;
  if (offered.toolChoice === undefined && tools.length > 0) return { tools, toolChoice: 'none' };
  return { tools: [], callsAsText: true };
}
