import * as z from 'zod';
import {
  timestamp,
  requestId,
  runId,
  finishReason,
  usage,
  toolCallId,
  conversationId,
  conversationTitle,
  metadata,
  toolError,
  attachmentInfo,
} from './server-fields.js';

/** Server messages about conversations: part of {@link serverMessages}. */
export const conversationMessages = {
  history: z
    .object({
      type: z.literal('history'),
      timestamp,
      conversation_id: conversationId,
      title: conversationTitle.optional(),
      metadata: metadata.optional(),
      messages: z
        .array(
          z.object({
            id: z.string().describe('The message, for `before` and `replace_from`.'),
            parent_id: z.string().optional().describe('The previous message; absent for the first one.'),
            siblings: z
              .array(z.string())
              .optional()
              .describe('All messages with the same parent, including this one, if there are several.'),
            index: z.int().min(0).optional().describe('Its place among its siblings.'),
            role: z.enum(['user', 'assistant', 'tool']),
            content: z.string(),
            name: z.string().optional().describe('Who asked, in a room.'),
            reasoning: z.string().optional().describe('The reasoning of the model.'),
            attachments: z.array(attachmentInfo).optional(),
            tool_calls: z
              .array(z.object({ tool_call_id: toolCallId, tool_name: z.string(), arguments: z.string() }))
              .optional(),
            tool_call_id: toolCallId.optional(),
            tool_name: z.string().optional(),
            data: z.array(z.unknown()).optional().describe('What the tool reported.'),
            status: z.enum(['cancelled', 'failed', 'interrupted']).optional().describe('Why the answer is incomplete.'),
            error: toolError.optional().describe('Why the answer or the tool failed.'),
            model: z.string().optional(),
            finish_reason: finishReason.optional(),
            usage: usage.optional(),
            run_id: runId.optional(),
            created_at: z.number().describe('Unix time in seconds.'),
          }),
        )
        .describe('Oldest first.'),
      has_more: z.boolean().describe('Whether there are older ones.'),
      request_id: requestId.optional(),
    })
    .describe('The answer to `history`. Only for clients that negotiated the subprotocol.'),
  branch_selected: z
    .object({
      type: z.literal('branch_selected'),
      timestamp,
      conversation_id: conversationId,
      message_id: z.string().describe('The last message of the branch.'),
      request_id: requestId.optional(),
    })
    .describe(
      'The answer to `select_branch`; also sent to every connection that watches the conversation. Only for clients that negotiated the subprotocol.',
    ),
  attachment: z
    .object({
      type: z.literal('attachment'),
      timestamp,
      conversation_id: conversationId,
      attachment_id: z.string().describe('The attachment.'),
      data: z.base64().describe('Its bytes.'),
      request_id: requestId.optional(),
    })
    .describe('The answer to `attachment`. Only for clients that negotiated the subprotocol.'),
  conversations: z
    .object({
      type: z.literal('conversations'),
      timestamp,
      conversations: z
        .array(
          z.object({
            conversation_id: conversationId,
            title: conversationTitle.optional(),
            metadata: metadata.optional(),
            messages: z.int().min(0).describe('How many messages it has.'),
            created_at: z.number().describe('Unix time in seconds.'),
            updated_at: z.number().describe('Unix time in seconds.'),
          }),
        )
        .describe('Most recently used first.'),
      has_more: z.boolean().describe('Whether there are more.'),
      request_id: requestId.optional(),
    })
    .describe('The answer to `list_conversations`. Only for clients that negotiated the subprotocol.'),
  conversation: z
    .object({
      type: z.literal('conversation'),
      timestamp,
      conversation_id: conversationId,
      title: conversationTitle.optional(),
      metadata: metadata.optional(),
      request_id: requestId.optional(),
    })
    .describe('The answer to `update_conversation`. Only for clients that negotiated the subprotocol.'),
  conversation_deleted: z
    .object({
      type: z.literal('conversation_deleted'),
      timestamp,
      conversation_id: conversationId,
      existed: z.boolean().describe('Whether there was one.'),
      request_id: requestId.optional(),
    })
    .describe('The answer to `delete_conversation`. Only for clients that negotiated the subprotocol.'),
} as const;
