import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { AgentDeps } from './agent-deps.js';
import type { AgentState } from './agent-state.js';
import { askModel, type Answer, type OfferedTools } from './ask-model.js';

/**
 * Makes one model call. If the server refuses the request before any output, the model is asked again with a shorter or
 * plainer chat: a conversation must not get stuck because of its history.
 */
export async function askAgain(state: AgentState, deps: AgentDeps, mayCall: boolean): Promise<Answer> {
  const { tools: registry, abort } = deps.forTools;
  const tools = registry.describe(state.toolNames);
  let offered: OfferedTools = { tools: mayCall ? tools : [] };
  for (;;) {
    try {
      return await askModel(state, deps, offered);
    } catch (error) {
      abort.throwIfAborted();
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
 * Some servers, such as those in front of Anthropic's models, accept a chat with tool calls only together with tools.
 * Other servers cannot forbid tools except by naming none, so the tools are sent only at the second try. If there are
 * no tools any more, calls are written as text.
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
