import * as z from 'zod';
import { requestId, uuid } from './client-fields.js';
import { roomName, roomRequests } from './room-requests.js';
import { TRACEPARENT } from './traceparent.js';
import { MEDIA_TYPE } from './media-type.js';
import { LIMITS } from './version.js';

/** Text of the error for a missing, empty, blank or non-string query. */
export const QUERY_REQUIRED = 'Query is required';

const runId = uuid.describe('Idempotency key and cancel handle of a run. The server makes one if the client does not.');
const traceparent = z
  .string()
  .regex(TRACEPARENT, {
    error: 'must be a traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  .describe('The trace the run belongs to (W3C Trace Context); that of the handshake without it.');
const query = z
  .string({ error: QUERY_REQUIRED })
  .regex(/\S/, { error: QUERY_REQUIRED })
  .describe('The question; at least one non-blank character.');

const conversationId = z
  .string()
  .min(1)
  .max(LIMITS.idLength)
  .describe("The conversation, by an id of the client's choice.");
const onDisconnect = z
  .enum(['cancel', 'continue'])
  .describe(
    'What becomes of the run when its last reader leaves. Without it a run that a negotiated client read last is cancelled after `connected.limits.detach_seconds`, any other at once.',
  );
const anyRunId = uuid.describe('The run.');
const ofRoom = roomName
  .optional()
  .describe('The room that the run or the conversation belongs to, if it is one of a room.');
const limit = z.int().min(1).max(LIMITS.pageSize).describe('Maximum number of entries; 50 by default.');

const attachment = z
  .object({
    type: z.enum(['image', 'file']).describe('Whether the model gets an image or a file.'),
    media_type: z
      .string()
      .regex(MEDIA_TYPE, { error: 'must be a media type such as image/png' })
      .describe('Its media type.'),
    name: z.string().min(1).max(LIMITS.attachmentNameLength).optional().describe('The name of the file.'),
    data: z.base64().optional().describe('Its bytes.'),
    url: z
      .url({ protocol: /^https$/ })
      .max(LIMITS.urlLength)
      .optional()
      .describe("Address from which the model's server fetches it. This server never fetches it."),
  })
  .refine(({ data, url }) => (data === undefined) !== (url === undefined), { error: 'needs either `data` or `url`' });

const queryFields = {
  query,
  attachments: z
    .array(attachment)
    .max(LIMITS.attachments)
    .optional()
    .describe(
      'Images and files that belong to the question. Where `replace_from` names a question and this is absent, those of that question.',
    ),
  request_id: requestId.optional(),
  run_id: runId.optional(),
  traceparent: traceparent.optional(),
  conversation_id: conversationId
    .optional()
    .describe(
      'The conversation the question belongs to: its history goes to the model, question and answer are added.',
    ),
  replace_from: z
    .string()
    .min(1)
    .max(LIMITS.idLength)
    .optional()
    .describe(
      'A message of the conversation. A question: this one is asked in its place, in a branch beside it. An answer: it is given anew, in a branch beside it; with another query, that is asked in place of its question. The other branch stays.',
    ),
  room: roomName
    .optional()
    .describe(
      'The room the question is asked in. All members see question and answer; the conversation belongs to the room and has its name. Ignored from clients of the documented core.',
    ),
  when_busy: z
    .enum(['enqueue', 'reject', 'interrupt'])
    .optional()
    .describe(
      'Where the conversation has a run in progress: wait for it (`enqueue`, without it too), be refused, or cancel it.',
    ),
  on_disconnect: onDisconnect.optional(),
  model: z.string().min(1).max(LIMITS.idLength).optional().describe('The model, from those the operator allows.'),
  temperature: z.number().min(0).max(2).optional().describe('The temperature, if the operator allows a choice.'),
  tools: z
    .array(z.string().min(1).max(LIMITS.idLength))
    .max(LIMITS.toolsPerQuery)
    .optional()
    .describe('The tools the model may use: a subset of the allowed ones.'),
};

/**
 * The messages of clients, by `type`. This table is the source of the TypeScript types, the validation, the JSON
 * Schemas, the documents under `/docs` and the table of handlers. Key order is wire order. Unknown fields are ignored.
 */
export const clientMessages = {
  ping: z
    .object({ type: z.literal('ping'), request_id: requestId.optional() })
    .describe('Checks that the server answers. Answered by `pong`.'),
  agent_query: z
    .object({ type: z.literal('agent_query'), ...queryFields })
    .describe('Asks a question; the answer comes whole: `status`, then `agent_response`.'),
  streaming_query: z
    .object({ type: z.literal('streaming_query'), ...queryFields })
    .describe('Asks a question; the answer streams: `stream_start`, many `stream_chunk`, `stream_end`.'),
  tool_call: z
    .object({
      type: z.literal('tool_call'),
      tool_name: z.string().min(1).max(LIMITS.idLength).describe('The tool.'),
      params: z.looseObject({}).default({}).describe('The params, as the schema of the tool defines them.'),
      request_id: requestId.optional(),
      run_id: runId.optional(),
      traceparent: traceparent.optional(),
      on_disconnect: onDisconnect.optional(),
    })
    .describe('Runs a tool directly. Answered by `tool_result`.'),
  auth: z
    .object({
      type: z.literal('auth'),
      token: z
        .string()
        .max(LIMITS.tokenLength)
        // As in `Authorization: Bearer`, for which the message stands.
        .regex(/^[\x21-\x7e]+$/, { error: '`token` must be text without blanks' })
        .describe('The proof of identity.'),
      request_id: requestId.optional(),
    })
    .describe(
      'Proves who the client is: as the first message of a client that offered `agent-ws.auth`, or later with newer credentials of the same principal. Answered by `authenticated`.',
    ),
  cancel: z
    .object({
      type: z.literal('cancel'),
      run_id: uuid.optional().describe('The run to stop. Without it: every run this connection started or resumed.'),
      room: ofRoom,
      request_id: requestId.optional(),
    })
    .describe('Stops one run, or every run this connection started or resumed. Answered by `cancelled`.'),
  resume: z
    .object({
      type: z.literal('resume'),
      run_id: anyRunId,
      after: z.int().min(0).default(0).describe('The last `seq` the client has applied; 0 for none.'),
      room: ofRoom,
      request_id: requestId.optional(),
    })
    .describe(
      'Continues to read a run, or reads it again. Answered by `resumed`, then by every message after `after`.',
    ),
  list_runs: z
    .object({ type: z.literal('list_runs'), request_id: requestId.optional() })
    .describe('Lists the runs that can be read. Answered by `runs`.'),
  approval: z
    .object({
      type: z.literal('approval'),
      run_id: anyRunId,
      tool_call_id: z
        .string()
        .min(1)
        .max(LIMITS.toolCallIdLength)
        .describe('The call that `approval_request` asked about.'),
      approved: z.boolean().describe('Whether the tool may run with exactly the params shown.'),
      reason: z.string().max(LIMITS.reasonLength).optional().describe('Why the call was refused; passed to the model.'),
      room: ofRoom,
      request_id: requestId.optional(),
    })
    .describe('Decides about a tool call. The first decision counts. Answered by `approval_resolved`.'),
  watch: z
    .object({
      type: z.literal('watch'),
      conversation_id: conversationId,
      active: z.boolean().default(true).describe('`false` ends the watch.'),
      request_id: requestId.optional(),
    })
    .describe('Reads every run of a conversation from now on. Answered by `watching`, then by `run_started` for each.'),
  history: z
    .object({
      type: z.literal('history'),
      conversation_id: conversationId,
      limit: limit.optional(),
      before: z.string().min(1).max(LIMITS.idLength).optional().describe('Returns only messages before this one.'),
      room: ofRoom,
      request_id: requestId.optional(),
    })
    .describe('Reads the messages of a conversation, the newest page first. Answered by `history`.'),
  select_branch: z
    .object({
      type: z.literal('select_branch'),
      conversation_id: conversationId,
      message_id: z.string().min(1).max(LIMITS.idLength).describe('A message of the branch.'),
      request_id: requestId.optional(),
    })
    .describe('Selects another branch of a conversation. Answered by `branch_selected`.'),
  attachment: z
    .object({
      type: z.literal('attachment'),
      conversation_id: conversationId,
      attachment_id: z.string().min(1).max(LIMITS.idLength).describe('The attachment, as `history` names it.'),
      room: ofRoom,
      request_id: requestId.optional(),
    })
    .describe('Fetches an attachment. Answered by `attachment`.'),
  list_conversations: z
    .object({
      type: z.literal('list_conversations'),
      limit: limit.optional(),
      before: conversationId.optional().describe('Returns only conversations used less recently than this one.'),
      request_id: requestId.optional(),
    })
    .describe('Lists the conversations of the principal, most recently used first. Answered by `conversations`.'),
  update_conversation: z
    .object({
      type: z.literal('update_conversation'),
      conversation_id: conversationId,
      title: z.string().min(1).max(LIMITS.titleLength).optional().describe('Its new title.'),
      metadata: z
        .record(z.string(), z.unknown())
        .refine((metadata) => new TextEncoder().encode(JSON.stringify(metadata)).length <= LIMITS.metadataBytes, {
          error: `\`metadata\` must be at most ${LIMITS.metadataBytes} bytes of JSON`,
        })
        .optional()
        .describe('Replaces all data that clients keep with the conversation.'),
      request_id: requestId.optional(),
    })
    .describe('Changes the title or the data of a conversation. Answered by `conversation`.'),
  delete_conversation: z
    .object({
      type: z.literal('delete_conversation'),
      conversation_id: conversationId,
      request_id: requestId.optional(),
    })
    .describe('Deletes a conversation of the principal. Answered by `conversation_deleted`.'),
  ...roomRequests,
} as const;

/** The types a client of the documented core may send. */
export const CORE_REQUESTS: ReadonlySet<string> = new Set<ClientMessageType>([
  'ping',
  'agent_query',
  'streaming_query',
  'tool_call',
  'cancel',
]);

/** The `type` of a client message. */
export type ClientMessageType = keyof typeof clientMessages;
/** A client message by its `type`, as the handler gets it. */
export type ClientMessageOf<T extends ClientMessageType> = z.output<(typeof clientMessages)[T]>;
/** Any client message, as the handlers get it. */
export type ClientMessage = { [T in ClientMessageType]: ClientMessageOf<T> }[ClientMessageType];
/** Any client message, as a client writes it. */
export type ClientMessageInput = { [T in ClientMessageType]: z.input<(typeof clientMessages)[T]> }[ClientMessageType];
/** An image or a file of a question. */
export type QueryAttachment = z.output<typeof attachment>;
/** A message that asks for a run. */
export type RunRequest =
  | ClientMessageOf<'agent_query'>
  | ClientMessageOf<'streaming_query'>
  | ClientMessageOf<'tool_call'>;
