/** A row of {@link ERROR_CODES}. */
export interface ErrorCodeInfo {
  /** Whether the same request can succeed later without a change. */
  readonly retryable: boolean;
  /** What happened, for readers of the documentation. */
  readonly meaning: string;
}

/** Every `code` of an `error` message: one code for each cause. */
export const ERROR_CODES = {
  invalid_json: { retryable: false, meaning: 'The frame is not a text frame with one JSON object.' },
  invalid_message: {
    retryable: false,
    meaning: 'The message does not match the schema of its type; `issues` lists the fields.',
  },
  unknown_type: { retryable: false, meaning: 'No message type has this name.' },
  query_required: { retryable: false, meaning: 'The query is missing, empty, blank or not a string.' },
  too_deep: { retryable: false, meaning: 'Objects and arrays are nested more than 32 levels deep.' },
  unknown_tool: { retryable: false, meaning: 'No tool has this name.' },
  invalid_params: {
    retryable: false,
    meaning: 'The params do not match the schema of the tool; `issues` lists the fields.',
  },
  tool_failed: { retryable: false, meaning: 'The tool failed, or was not executed because the run stopped first.' },
  tool_timeout: { retryable: true, meaning: 'The tool did not finish within its time limit.' },
  outcome_unknown: {
    retryable: false,
    meaning: 'The tool may or may not have taken effect before a crash or a cancel. The call is not repeated.',
  },
  context_too_long: {
    retryable: false,
    meaning: 'The question or conversation is longer than the context of the model.',
  },
  content_refused: { retryable: false, meaning: "The model provider's content filter refused the question." },
  provider_error: { retryable: true, meaning: 'The model provider failed.' },
  provider_overloaded: {
    retryable: true,
    meaning: 'The model provider is overloaded; see `retry_after_ms`.',
  },
  provider_rate_limited: {
    retryable: true,
    meaning: 'The model provider limits the rate of requests; see `retry_after_ms`.',
  },
  provider_quota_exhausted: {
    retryable: false,
    meaning: 'The account of this server at the model provider has no credit or quota left.',
  },
  provider_unauthorized: {
    retryable: false,
    meaning: 'The model provider does not accept the key of this server, or does not permit the request.',
  },
  provider_refused: {
    retryable: false,
    meaning: 'The model provider refused the request, or does not know the model or the address.',
  },
  provider_timeout: {
    retryable: true,
    meaning: 'The model provider sent nothing for too long, before or during the answer.',
  },
  output_too_large: { retryable: false, meaning: 'The output of the run or tool is larger than the server keeps.' },
  run_not_found: {
    retryable: false,
    meaning: 'This owner has no run with this id, or the log of the run was deleted.',
  },
  run_expired: {
    retryable: false,
    meaning: 'The run ended and its log was deleted. The request is not executed again.',
  },
  run_id_conflict: { retryable: false, meaning: 'Another request already used this run id.' },
  run_interrupted: { retryable: true, meaning: 'The server stopped while the run was in progress.' },
  too_many_runs: {
    retryable: true,
    meaning: 'Too many runs: the connection or the server is at its limit, or the server is shutting down.',
  },
  approval_not_found: { retryable: false, meaning: 'The run is not waiting for an approval of this call.' },
  message_not_found: { retryable: false, meaning: 'The conversation has no message with this id.' },
  attachment_not_found: { retryable: false, meaning: 'The conversation has no attachment with this id.' },
  unsupported_content: {
    retryable: false,
    meaning: 'The server or its model does not accept attachments of this kind or size, or so many.',
  },
  conversation_busy: { retryable: true, meaning: 'The conversation has a run in progress.' },
  room_not_joined: { retryable: false, meaning: 'The connection has not joined this room.' },
  room_full: { retryable: true, meaning: 'The room has as many members as it may have.' },
  too_many_rooms: { retryable: true, meaning: 'The connection or the server has as many rooms as it may have.' },
  rate_limited: { retryable: true, meaning: 'Too many messages, or too many unanswered ones.' },
  unauthorized: { retryable: false, meaning: 'The client is not authenticated, or its credentials are not valid.' },
  forbidden: { retryable: false, meaning: 'The client does not have the permission.' },
  store_unavailable: {
    retryable: true,
    meaning: 'The server cannot write to its store at present. Nothing was changed.',
  },
  internal_error: { retryable: true, meaning: 'The server failed; the cause is in its log.' },
} as const satisfies Record<string, ErrorCodeInfo>;

/** The `code` of an `error` message. */
export type ErrorCode = keyof typeof ERROR_CODES;
