import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { Handler } from '../handler-context.js';
import { conversationOf } from '../run-place.js';

/** Sends the bytes of an attachment. */
export const handleAttachment: Handler<'attachment'> = (context, connection, message) =>
  context.answers.inTurn(connection, async () => {
    const { conversation_id: id, attachment_id: attachmentId, request_id: requestId } = message;
    const bytes = await context.conversations.attachment(conversationOf(context, connection, message), attachmentId);
    if (bytes === undefined) {
      throw new AgentSocketError('attachment_not_found', 'The conversation has no attachment with this id');
    }
    connection.sendMessage({
      type: 'attachment',
      timestamp: connection.timestamp(),
      conversation_id: id,
      attachment_id: attachmentId,
      data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
      request_id: requestId,
    });
  });
