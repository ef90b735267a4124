import type { Connection } from '../../connection/connection.js';
import { attachmentToWire } from '../../store/attachment-to-wire.js';
import type { BranchMessage } from '../../store/conversation-store.js';
import type { ClientMessageOf } from '../../protocol/client-messages.js';
import type { ServerMessageOf } from '../../protocol/server-messages.js';
import type { Handler, HandlerContext } from '../handler-context.js';
import { conversationOf } from '../run-place.js';
import { DEFAULT_PAGE } from './page-size.js';

/** Maximum length of the messages of one page, in UTF-16 units: a page is one frame. */
const MAX_PAGE_LENGTH = 500_000;

/** Sends messages of a conversation. */
export const handleHistory: Handler<'history'> = (context, connection, message) =>
  context.answers.inTurn(connection, () => answer(context, connection, message));

async function answer(
  context: HandlerContext,
  connection: Connection,
  message: ClientMessageOf<'history'>,
): Promise<void> {
  const { conversations } = context;
  const { conversation_id: id, limit = DEFAULT_PAGE, before, request_id: requestId } = message;
  const key = conversationOf(context, connection, message);
  const [page, info] = await Promise.all([
    conversations.read(key, { limit, before, maxLength: MAX_PAGE_LENGTH, siblings: true }),
    conversations.find(key),
  ]);
  connection.sendMessage({
    type: 'history',
    timestamp: connection.timestamp(),
    conversation_id: id,
    title: info?.title,
    metadata: info?.metadata,
    messages: page.items.map(toWire),
    has_more: page.hasMore,
    request_id: requestId,
  });
}

function toWire(message: BranchMessage): ServerMessageOf<'history'>['messages'][number] {
  const { id, parentId, siblings, index, role, content, name, reasoning, attachments, toolCalls } = message;
  const { toolCallId, toolName, data, status, error, origin, finishReason, usage, runId, createdAt } = message;
  return {
    id,
    parent_id: parentId,
    siblings: siblings === undefined ? undefined : [...siblings],
    index,
    role,
    content,
    name,
    reasoning,
    attachments: attachments?.map(attachmentToWire),
    tool_calls: toolCalls?.map((call) => ({ tool_call_id: call.id, tool_name: call.name, arguments: call.arguments })),
    tool_call_id: toolCallId,
    tool_name: toolName,
    data: data === undefined ? undefined : [...data],
    status,
    error: error === undefined ? undefined : { code: error.code, error: error.message },
    model: origin?.model,
    finish_reason: finishReason,
    usage,
    run_id: runId,
    created_at: createdAt / 1000,
  };
}
