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
  agent_query: wishOfQuery,
  streaming_query: wishOfQuery,
  // The executor asks, since a tool that may not be used is answered as one that does not exist.
  tool_call: undefined,
  cancel: ({ run_id: runId, room }) => (room === undefined ? ['cancel', { runId }] : ['room_cancel', { room }]),
  // Whoever may be in a room may read what belongs to it.
  resume: ({ run_id: runId, room }) => (room === undefined ? ['resume', { runId }] : ['join', { room }]),
  list_runs: () => ['list_runs', {}],
  approval: ({ run_id: runId, tool_call_id: toolCallId, room }) =>
    room === undefined ? ['approve', { runId, toolCallId }] : ['room_approve', { room }],
  watch: ({ conversation_id: conversationId, active }) => (active ? ['watch', { conversationId }] : undefined),
  history: wishOfReading,
  select_branch: ({ conversation_id: conversationId }) => ['update_conversation', { conversationId }],
  attachment: wishOfReading,
  list_conversations: () => ['list_conversations', {}],
  update_conversation: ({ conversation_id: conversationId }) => ['update_conversation', { conversationId }],
  delete_conversation: ({ conversation_id: conversationId }) => ['delete_conversation', { conversationId }],
  join: ({ room }) => ['join', { room }],
  leave: undefined,
  room_message: ({ room }) => ['publish', { room }],
  presence: ({ room }) => ['join', { room }],
};

function wishOfQuery({
  room,
  conversation_id: conversationId,
}: ClientMessageOf<'agent_query' | 'streaming_query'>): Wish {
  return room === undefined ? ['query', { conversationId }] : ['room_query', { room }];
}

function wishOfReading({ room, conversation_id: conversationId }: ClientMessageOf<'history' | 'attachment'>): Wish {
  return room === undefined ? ['history', { conversationId }] : ['join', { room }];
}
