import * as z from 'zod';
import { authMessages } from './auth-messages.js';
import { conversationMessages } from './conversation-messages.js';
import { from, room } from './room-fields.js';
import { roomMessages } from './room-messages.js';
import {
  timestamp,
  requestId,
  runId,
  seq,
  firstSeq,
  finishReason,
  usage,
  runState,
  errorCode,
  params,
  toolCallId,
  conversationId,
  runKind,
  expiresInMs,
  questionId,
  answerId,
  toolError,
  attachmentInfo,
  partialContent,
  inRun,
  ending,
  head,
  pendingApprovals,
} from './server-fields.js';

/**
 * The messages of the server, by `type`. Key order is wire order: the documented keys first.
 * A message belongs to the log of a run if and only if it has `run_id` and `seq`, and to that of a room if and only if it is
 * a `room_event`; replies never have `seq`.
 */
export const serverMessages = {
  connected: z
    .object({
      type: z.literal('connected'),
      connection_id: z.uuid().describe('This connection.'),
      message: z.string().describe('A greeting for people.'),
      protocol: z.string().describe('The subprotocol this server speaks.'),
      epoch: z
        .uuid()
        .describe(
          'Identity of the store. After a reconnect with another epoch, the outcome of unanswered requests is unknown.',
        ),
      principal_id: z.string().describe('Who owns this connection and its runs.'),
      node_id: z.string().optional().describe('The process that has this connection, if several work together.'),
      limits: z
        .object({
          message_bytes: z.int(),
          runs: z.int(),
          heartbeat_seconds: z.number(),
          detach_seconds: z.number(),
          attachments: z
            .object({ media_types: z.array(z.string()), max_bytes: z.int(), max_count: z.int(), urls: z.boolean() })
            .optional(),
        })
        .describe(
          'Bytes of a message, runs in progress on one connection, seconds between pings of a silent connection, seconds that a run goes on without a reader, and the attachments that a question may have, if any.',
        ),
    })
    .describe('The first message of a connection.'),
  pong: z
    .object({ type: z.literal('pong'), timestamp, request_id: requestId.optional() })
    .describe('The answer to `ping`.'),
  accepted: z
    .object({
      type: z.literal('accepted'),
      timestamp,
      run_id: runId,
      state: runState.describe('Where the run stands.'),
      request_id: requestId.optional(),
    })
    .describe('The run was accepted. Only for clients that negotiated the subprotocol.'),
  resumed: z
    .object({
      type: z.literal('resumed'),
      timestamp,
      run_id: runId,
      after: z.int().min(0).describe('The server now sends the messages after this `seq`.'),
      head,
      state: runState.describe('Where the run stands.'),
      reset: z
        .literal(true)
        .optional()
        .describe('The client holds messages that the server lost. It discards them; the server sends the whole run.'),
      position: z
        .int()
        .min(1)
        .optional()
        .describe('For a queued run: the number of runs ahead of it in the conversation.'),
      pending_approvals: pendingApprovals.optional(),
      request_id: requestId.optional(),
    })
    .describe(
      'The answer to `resume`, and to a request that repeats the id of a run, which was not executed again. Only for clients that negotiated the subprotocol.',
    ),
  queued: z
    .object({
      type: z.literal('queued'),
      timestamp,
      run_id: runId,
      position: z.int().min(1).describe('The place of the run in the line of all runs that wait; the first is 1.'),
      estimated_wait_ms: z
        .int()
        .min(0)
        .optional()
        .describe('How long the run will wait if the line moves as it did in the last minute.'),
      no_workers: z
        .literal(true)
        .optional()
        .describe(
          'No worker is running. The run waits until there is one, which the next `queued` or the run itself says.',
        ),
    })
    .describe(
      'A run waits for a worker. Sent again if its place changes, or if workers come or go. Not in the log of the run. Only for clients that negotiated the subprotocol.',
    ),
  runs: z
    .object({
      type: z.literal('runs'),
      timestamp,
      runs: z
        .array(
          z.object({
            run_id: runId,
            kind: runKind,
            state: runState,
            conversation_id: conversationId.optional(),
            head: z.int().min(0),
            node_id: z
              .string()
              .optional()
              .describe('The process that does the run, if several work together and one of them has begun.'),
          }),
        )
        .describe(
          'The runs that can be read, oldest first; for clients that share the principal `anonymous`, those that this connection started or resumed.',
        ),
      request_id: requestId.optional(),
    })
    .describe('The answer to `list_runs`. Only for clients that negotiated the subprotocol.'),
  watching: z
    .object({
      type: z.literal('watching'),
      timestamp,
      conversation_id: conversationId,
      active: z.boolean().describe('Whether the conversation is now watched.'),
      request_id: requestId.optional(),
    })
    .describe(
      'The answer to `watch`. Without `request_id` and `active`: newer credentials do not let this connection watch any more. Only for clients that negotiated the subprotocol.',
    ),
  run_started: z
    .object({
      type: z.literal('run_started'),
      timestamp,
      conversation_id: conversationId,
      run_id: runId,
      kind: runKind,
      query: z.string().describe('The question.'),
      attachments: z.array(attachmentInfo).optional().describe('What came with it.'),
      replace_from: z.string().optional().describe('The message beside which the run begins a branch.'),
      state: runState.describe('Where the run stands.'),
      head: head.optional(),
      pending_approvals: pendingApprovals.optional(),
      room: room.optional().describe('The room the run was asked for in.'),
      from: from.optional().describe('Who asked, in a room.'),
    })
    .describe(
      'A conversation this connection watches, or a room it has joined, has a run; its messages follow. Only for clients that negotiated the subprotocol.',
    ),
  status: z
    .object({
      type: z.literal('status'),
      status: z.literal('processing').describe('What the server is doing.'),
      timestamp,
      question_id: questionId.optional(),
      answer_id: answerId.optional(),
      ...inRun,
    })
    .describe('The server is working on an `agent_query`.'),
  agent_response: z
    .object({
      type: z.literal('agent_response'),
      content: z.string().describe('The whole answer.'),
      vendor: z.string().describe('Who answered.'),
      timestamp,
      model: z.string().optional().describe('The model that answered.'),
      conversation_id: conversationId.optional(),
      ...ending,
      ...inRun,
    })
    .describe('The whole answer to an `agent_query`. Ends the run.'),
  stream_start: z
    .object({
      type: z.literal('stream_start'),
      timestamp,
      vendor: z.string().optional().describe('Who answers.'),
      model: z.string().optional().describe('The model that answers.'),
      conversation_id: conversationId.optional(),
      question_id: questionId.optional(),
      answer_id: answerId.optional(),
      ...inRun,
    })
    .describe('The answer to a `streaming_query` begins.'),
  stream_chunk: z
    .object({
      type: z.literal('stream_chunk'),
      content: z.string().describe('Text.'),
      timestamp,
      first_seq: firstSeq.optional(),
      ...inRun,
    })
    .describe('The next piece of the answer.'),
  stream_reasoning: z
    .object({
      type: z.literal('stream_reasoning'),
      content: z.string().describe('Text.'),
      timestamp,
      first_seq: firstSeq.optional(),
      ...inRun,
    })
    .describe("The next piece of the model's reasoning. Only for clients that negotiated the subprotocol."),
  stream_tool_call: z
    .object({
      type: z.literal('stream_tool_call'),
      tool_call_id: toolCallId,
      tool_name: z.string().describe('The tool.'),
      params,
      timestamp,
      ...inRun,
    })
    .describe('The model calls a tool. Only for clients that negotiated the subprotocol.'),
  stream_tool_result: z
    .object({
      type: z.literal('stream_tool_result'),
      tool_call_id: toolCallId,
      tool_name: z.string().describe('The tool.'),
      result: z.unknown().optional().describe('What the tool returned.'),
      error: toolError.optional().describe('Why it has no result.'),
      timestamp,
      ...inRun,
    })
    .describe('The tool answered: `result` or `error`. Only for clients that negotiated the subprotocol.'),
  stream_data: z
    .object({
      type: z.literal('stream_data'),
      tool_call_id: toolCallId,
      tool_name: z.string().describe('The tool.'),
      data: z.unknown().describe('Whatever the tool reports: its progress, a table, a chart.'),
      timestamp,
      ...inRun,
    })
    .describe('A running tool reports. Only for clients that negotiated the subprotocol.'),
  approval_request: z
    .object({
      type: z.literal('approval_request'),
      tool_call_id: toolCallId,
      tool_name: z.string().describe('The tool.'),
      params: params.describe('Exactly the params the tool would run with.'),
      expires_in_ms: expiresInMs,
      timestamp,
      ...inRun,
    })
    .describe('A tool call waits for approval. Only for clients that negotiated the subprotocol.'),
  approval_resolved: z
    .object({
      type: z.literal('approval_resolved'),
      tool_call_id: toolCallId,
      approved: z.boolean().describe('Whether the tool runs.'),
      by: z
        .enum(['principal', 'expiry', 'cancel'])
        .describe('Who decided: a client, the timeout, or the end of the run.'),
      reason: z.string().optional().describe('What the client gave as the reason.'),
      timestamp,
      run_id: runId,
      seq: seq.optional(),
      request_id: requestId.optional(),
    })
    .describe(
      'With `seq`: the decision about a tool call. Without: the reply to `approval`, which tells the decision that stands. Only for clients that negotiated the subprotocol.',
    ),
  stream_end: z
    .object({ type: z.literal('stream_end'), timestamp, ...ending, ...inRun })
    .describe('The answer is complete. Ends the run.'),
  tool_result: z
    .object({
      type: z.literal('tool_result'),
      tool_name: z.string().describe('The tool.'),
      result: z.unknown().describe('What it returned.'),
      timestamp,
      ...inRun,
    })
    .describe('What the tool returned. Ends the run.'),
  cancelled: z
    .object({
      type: z.literal('cancelled'),
      timestamp,
      reason: z
        .enum(['requested', 'abandoned', 'max_duration', 'replaced'])
        .optional()
        .describe('In a run: why it stopped (by a client, without readers, after too long, or for a newer question).'),
      content: partialContent.optional(),
      ...ending,
      run_id: runId.optional(),
      seq: seq.optional(),
      outcome: z
        .enum(['cancelled', 'already_finished', 'nothing_running'])
        .optional()
        .describe('In the reply to `cancel`: what it did.'),
      run_ids: z.array(runId).optional().describe('In the reply to `cancel`: the runs it stopped.'),
      request_id: requestId.optional(),
    })
    .describe('With `seq`: the run was stopped, which ends it. Without: the reply to `cancel`.'),
  error: z
    .object({
      type: z.literal('error'),
      error: z.string().describe('A sentence for people.'),
      timestamp,
      code: errorCode.describe('The cause; see the table of errors.'),
      retryable: z.boolean().describe('Whether the same request can succeed later.'),
      retry_after_ms: z.int().min(0).optional().describe('When to try again.'),
      issues: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .describe('The fields that do not match the schema.'),
      content: partialContent.optional(),
      ...ending,
      run_id: runId.optional(),
      seq: seq.optional(),
      request_id: requestId.optional(),
    })
    .describe('With `seq`: the run failed, which ends it. Without: a message was refused. The connection stays open.'),
  ...conversationMessages,
  ...roomMessages,
  ...authMessages,
  going_away: z
    .object({
      type: z.literal('going_away'),
      timestamp,
      reconnect_after_ms: z.int().min(0).describe('When to reconnect.'),
    })
    .describe(
      'The server is shutting down: finish reading, then reconnect. Only for clients that negotiated the subprotocol.',
    ),
} as const;

/** The `type` of a server message. */
export type ServerMessageType = keyof typeof serverMessages;
/** A server message by its `type`. */
export type ServerMessageOf<T extends ServerMessageType> = z.output<(typeof serverMessages)[T]>;
/** Any server message. */
export type ServerMessage = { [T in ServerMessageType]: ServerMessageOf<T> }[ServerMessageType];

/** A message outside of this protocol, of an embedder's own type. */
export interface CustomMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The state of a run. */
export type RunState = z.output<typeof runState>;
/** Why a model stopped. */
export type FinishReason = z.output<typeof finishReason>;
/** Usage of a run. */
export type Usage = z.output<typeof usage>;
/** Why a run was cancelled. */
export type CancelReason = NonNullable<ServerMessageOf<'cancelled'>['reason']>;

/** The types of the documented core. A client that did not negotiate {@link SUBPROTOCOL} gets no others. */
export const CORE_TYPES: ReadonlySet<string> = new Set<ServerMessageType>([
  'connected',
  'pong',
  'status',
  'agent_response',
  'stream_start',
  'stream_chunk',
  'stream_end',
  'tool_result',
  'cancelled',
  'error',
]);

/** The types that only say that work has begun, before any output that people wait for. */
export const OPENING_TYPES: ReadonlySet<string> = new Set<ServerMessageType>(['status', 'stream_start']);

/** The types that end a run if they carry `seq`. Exactly one of them is the final message of every run. */
export const TERMINAL_TYPES: ReadonlySet<string> = new Set<ServerMessageType>([
  'agent_response',
  'stream_end',
  'tool_result',
  'cancelled',
  'error',
]);
