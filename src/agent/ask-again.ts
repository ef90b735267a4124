import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { holdsCallsOfOthers } from './acceptable-chat.js';
import type { AgentDeps } from './agent-deps.js';
import type { AgentState } from './agent-state.js';
import { askModel, originOf, type Answer, type OfferedTools } from './ask-model.js';
import { isToolsRefused } from './tools-refused.js';

/** The form for models without tools. */
const WITHOUT_TOOLS: OfferedTools = { tools: [], callsAsText: 'all' };

/**
 * Makes one model call. If the server refuses the request before any output, the model is asked again with a shorter or
 * plainer chat, or without tools: a conversation must not get stuck because of its history, or of the model it has now.
 */
export async function askAgain(state: AgentState, deps: AgentDeps, mayCall: boolean): Promise<Answer> {
  const { abort } = deps.forTools;
  let offered = firstOffer(state, deps, mayCall);
  for (;;) {
    try {
      const answer = await askModel(state, deps, offered);
      if (offered === WITHOUT_TOOLS) rememberWithoutTools(state, deps);
      return answer;
    } catch (error) {
      abort.throwIfAborted();
      if (!AgentSocketError.isInstance(error) || hasSaid(state)) throw error;
      if (error.code === 'context_too_long') {
        const shorter = await deps.shorten(state.messages);
        if (shorter === undefined) throw error;
        state.messages = shorter;
      } else {
        const plainer = plainerOffer(error, offered, state, deps);
        if (plainer === undefined) throw error;
        offered = plainer;
      }
    }
  }
}

function firstOffer(state: AgentState, deps: AgentDeps, mayCall: boolean): OfferedTools {
  if (deps.withoutTools.has(originOf(state, deps).model)) return WITHOUT_TOOLS;
  return { tools: mayCall ? deps.forTools.tools.describe(state.toolNames) : [] };
}

/** Called when a model that refused tools has answered without them. */
function rememberWithoutTools(state: AgentState, deps: AgentDeps): void {
  const { model } = originOf(state, deps);
  if (deps.withoutTools.has(model)) return;
  deps.withoutTools.add(model);
  const { logger, runId } = deps.forTools;
  logger.warn({ runId, model }, 'The model takes no tools; from now on, it is asked without them until the next start');
}

function hasSaid({ partial }: AgentState): boolean {
  return partial !== undefined && partial.text.length + partial.reasoning.length > 0;
}

function plainerOffer(
  error: AgentSocketError,
  offered: OfferedTools,
  state: AgentState,
  deps: AgentDeps,
): OfferedTools | undefined {
  if (isToolsRefused(error)) return offered.tools.length > 0 ? WITHOUT_TOOLS : undefined;
  return error.code === 'provider_refused' ? inPlainerForm(offered, state, deps) : undefined;
}

/**
 * Some servers, such as those in front of Anthropic's models, accept a chat with tool calls only together with tools.
 * Other servers cannot forbid tools except by naming none, so the tools are sent only at the second try. If there are
 * no tools any more, calls are written as text. So are calls of other models if the model may call tools: some servers
 * refuse calls without the data that their own models send along, such as the signatures of Gemini.
 */
function inPlainerForm(offered: OfferedTools, state: AgentState, deps: AgentDeps): OfferedTools | undefined {
  const { messages } = state;
  const holdsCalls = messages.some((message) => message.role === 'assistant' && message.toolCalls !== undefined);
  if (!holdsCalls || offered.callsAsText !== undefined) return undefined;
  if (offered.tools.length > 0 && offered.toolChoice !== 'none') {
    return holdsCallsOfOthers(messages, originOf(state, deps)) ? { ...offered, callsAsText: 'others' } : undefined;
  }
  const tools = deps.forTools.tools.describe(state.toolNames);
  if (offered.toolChoice === undefined && tools.length > 0) return { tools, toolChoice: 'none' };
  return { tools: [], callsAsText: 'all' };
}
