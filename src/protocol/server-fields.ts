import * as z from 'zod';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** Fields that several messages of the server share. */

export const timestamp = z.number().describe('Unix time in seconds; never goes back within a connection.');
export const requestId = z.string().describe('The `request_id` this answers.');
export const runId = z.uuid().describe('The run.');
export const seq = z
  .int()
  .min(1)
  .describe('Position in the log of the run, from 1 without holes. Only messages of a run have it.');
export const firstSeq = z
  .int()
  .min(1)
  .describe('If present, this message replaces all messages from `first_seq` to `seq`.');

export const finishReason = z
  .enum(['stop', 'length', 'tool_calls', 'content_filter', 'max_steps', 'cancelled', 'error', 'other'])
  .describe('Why the model stopped.');
export const usage = z
  .object({
    input_tokens: z.int().min(0),
    output_tokens: z.int().min(0),
    estimated: z.literal(true).optional().describe('Present if the numbers are an estimate of the server.'),
    cached_input_tokens: z.int().min(0).optional().describe('Of the input tokens, those the provider had cached.'),
    reasoning_tokens: z.int().min(0).optional().describe('Of the output tokens, those that were reasoning.'),
  })
  .describe('What the run cost.');
export const runState = z.enum([
  'accepted',
  'queued',
  'running',
  'waiting_approval',
  'finished',
  'failed',
  'cancelled',
  'interrupted',
]);
export const errorCode = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);
export const params = z
  .unknown()
  .describe('The params of the call, or the text of the model if it was not valid JSON.');

export const toolCallId = z.string().describe('The call, unique within the run.');
export const conversationId = z.string().describe('The conversation.');
export const runKind = z.enum(['agent_query', 'streaming_query', 'tool_call']).describe('What was asked for.');
export const expiresInMs = z.number().min(0).describe('How long the decision may take.');
export const conversationTitle = z.string().describe('The title. By default, the beginning of the first question.');
export const metadata = z.record(z.string(), z.unknown()).describe('Data that clients keep with the conversation.');
export const questionId = z.string().describe('The question, as the conversation keeps it.');
export const answerId = z.string().describe('The first message of the answer, as the conversation will keep it.');
export const toolError = z.object({ code: errorCode, error: z.string() });
/** An attachment without its bytes. */
export const attachmentInfo = z.object({
  attachment_id: z
    .string()
    .optional()
    .describe('The id for `attachment`; absent if the server does not store the bytes.'),
  type: z.enum(['image', 'file']),
  media_type: z.string(),
  name: z.string().optional(),
  bytes: z.int().min(0).optional(),
  url: z.string().optional(),
});
/** The partial answer of an `agent_query` that ended early. */
export const partialContent = z.string().describe('The partial answer to an `agent_query`.');

/** Fields of a message in the log of a run. */
export const inRun = { run_id: runId, seq, request_id: requestId.optional() };
/** Fields of the final message of a query. */
export const ending = { finish_reason: finishReason.optional(), usage: usage.optional() };

export const head = z.int().min(0).describe('The newest `seq` of the run.');

export const pendingApprovals = z
  .array(z.object({ tool_call_id: toolCallId, tool_name: z.string(), params, expires_in_ms: expiresInMs }))
  .describe('The approvals the run is waiting for.');
