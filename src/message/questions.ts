import type { Action, ActionResources } from '../permission/actions.js';
import type { ClientMessageOf, ClientMessageType } from '../protocol/client-messages.js';

/** What a client needs permission for. */
export type Wish = { [A in Action]: readonly [action: A, resource: ActionResources[A]] }[Action];

type Asks<T extends ClientMessageType> = (message: ClientMessageOf<T>) => Wish | undefined;

/**
 * What each message needs permission for, asked before its handler is called. The compiler requires an entry for each
 * message, so that none is forgotten; `undefined` is for messages that need no permission, or whose handler asks.
 */
export const questions: { readonly [T in ClientMessageType]: Asks<T> | undefined } = {
  ping: undefined,
  auth: undefined,
  agent_query: ({ conversation_id: conversationId }) => ['query', { conversationId }],
  streaming_query: ({ conversation_id: conversationId }) => ['query', { conversationId }],
  // The executor asks, since a tool that may not be used is answered as one that does not exist.
  tool_call: undefined,
  cancel: ({ run_id: runId }) => ['cancel', { runId }],
  resume: ({ run_id: runId }) => ['resume', { runId }],
  list_runs: () => ['list_runs', {}],
  approval: ({ run_id: runId, tool_call_id: toolCallId }) => ['approve', { runId, toolCallId }],
  watch: ({ conversation_id: conversationId, active }) => (active ? ['watch', { conversationId }] : undefined),
  history: ({ conversation_id: conversationId }) => ['history', { conversationId }],
  select_branch: ({ conversation_id: conversationId }) => ['update_conversation', { conversationId }],
  attachment: ({ conversation_id: conversationId }) => ['history', { conversationId }],
  list_conversations: () => ['list_conversations', {}],
  update_conversation: ({ conversation_id: conversationId }) => ['update_conversation', { conversationId }],
  delete_conversation: ({ conversation_id: conversationId }) => ['delete_conversation', { conversationId }],
};
