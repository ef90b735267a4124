import { z } from 'zod';
import { LIMITS } from './version.js';

/** Text of the error every missing, empty, blank or non-string query gets. */
export const QUERY_REQUIRED = 'Query is required';

const requestId = z
  .string()
  .min(1)
  .max(LIMITS.idLength)
  .describe('Chosen by the client; replies and the first message of the run repeat it.');
/** RFC 9562, section 4: read in any case, written in lower case. */
const uuid = z.uuid().toLowerCase();
const runId = uuid.describe(
  'Idempotency key and cancel handle of a run. The server makes one where the client does not.',
);
const query = z
  .string({ error: QUERY_REQUIRED })
  .regex(/\S/, { error: QUERY_REQUIRED })
  .describe('The question, at least one character that is not blank.');

const queryFields = {
  query,
  request_id: requestId.optional(),
  run_id: runId.optional(),
  model: z.string().min(1).max(LIMITS.idLength).optional().describe('A model the operator allows.'),
  temperature: z.number().min(0).max(2).optional().describe('Where the operator allows it.'),
  tools: z
    .array(z.string().min(1).max(LIMITS.idLength))
    .max(LIMITS.toolsPerQuery)
    .optional()
    .describe('The tools the model may use, a subset of those the operator allows to choose from.'),
};

/**
 * What a client may send, by `type`. This table is the one source of the TypeScript types, the validation,
 * the JSON Schemas, the documents under `/docs` and the table of handlers. Key order is wire order.
 * Unknown extra fields are ignored.
 */
export const clientMessages = {
  ping: z
    .object({ type: z.literal('ping'), request_id: requestId.optional() })
    .describe('Is the server there? Answered by `pong`.'),
  agent_query: z
    .object({ type: z.literal('agent_query'), ...queryFields })
    .describe('A question whose answer comes in one piece: `status`, then `agent_response`.'),
  streaming_query: z
    .object({ type: z.literal('streaming_query'), ...queryFields })
    .describe('A question whose answer streams: `stream_start`, `stream_chunk` many times, `stream_end`.'),
  tool_call: z
    .object({
      type: z.literal('tool_call'),
      tool_name: z.string().min(1).max(LIMITS.idLength).describe('The tool.'),
      params: z.looseObject({}).default({}).describe('What the schema of the tool asks for.'),
      request_id: requestId.optional(),
      run_id: runId.optional(),
    })
    .describe('Runs a tool directly. Answered by `tool_result`.'),
  cancel: z
    .object({
      type: z.literal('cancel'),
      run_id: uuid.optional().describe('The run to stop; absent for every run this connection started or resumed.'),
      request_id: requestId.optional(),
    })
    .describe('Stops one run, or every run this connection started or resumed. Answered by `cancelled`.'),
} as const;

/** The `type` of a client message. */
export type ClientMessageType = keyof typeof clientMessages;
/** A client message by its `type`, as the handler gets it. */
export type ClientMessageOf<T extends ClientMessageType> = z.output<(typeof clientMessages)[T]>;
/** Any client message, as the handlers get it. */
export type ClientMessage = { [T in ClientMessageType]: ClientMessageOf<T> }[ClientMessageType];
/** Any client message, as a client writes it. */
export type ClientMessageInput = { [T in ClientMessageType]: z.input<(typeof clientMessages)[T]> }[ClientMessageType];
/** A message that asks for a run. */
export type RunRequest =
  ClientMessageOf<'agent_query'> | ClientMessageOf<'streaming_query'> | ClientMessageOf<'tool_call'>;
