/** What a row of {@link ERROR_CODES} says about its code. */
export interface ErrorCodeInfo {
  /** Whether the same request can succeed later without being changed. */
  readonly retryable: boolean;
  /** What happened, for the person who reads the documentation. */
  readonly meaning: string;
}

/** Every `code` an `error` message can carry: one code per cause. */
export const ERROR_CODES = {
  invalid_json: { retryable: false, meaning: 'The frame is not a text frame that holds one JSON object.' },
  invalid_message: {
    retryable: false,
    meaning: 'The message does not fit the schema of its type; `issues` names the fields.',
  },
  unknown_type: { retryable: false, meaning: 'No message has this `type`.' },
  query_required: { retryable: false, meaning: 'The query is missing, empty, blank or not a string.' },
  too_deep: { retryable: false, meaning: 'Objects and arrays are nested deeper than 32.' },
  unknown_tool: { retryable: false, meaning: 'No tool has this name.' },
  invalid_params: {
    retryable: false,
    meaning: 'The params do not fit the schema of the tool; `issues` names the fields.',
  },
  tool_failed: { retryable: false, meaning: 'The tool failed, or did nothing because the run was stopped first.' },
  tool_timeout: { retryable: true, meaning: 'The tool did not finish within its time.' },
  outcome_unknown: {
    retryable: false,
    meaning: 'A crash or a cancel left it unknown whether the tool took effect; it is not repeated.',
  },
  context_too_long: { retryable: false, meaning: 'The conversation is longer than the model can take.' },
  content_refused: { retryable: false, meaning: "The model provider's content filter refused the question." },
  provider_error: { retryable: true, meaning: 'The model provider failed.' },
  provider_overloaded: {
    retryable: true,
    meaning: 'The model provider has no capacity now; see `retry_after_ms`.',
  },
  provider_rate_limited: { retryable: true, meaning: 'The model provider asks to slow down; see `retry_after_ms`.' },
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
    meaning: 'The model provider did not answer, or stopped in the middle, for too long.',
  },
  output_too_large: { retryable: false, meaning: 'The output of the run or tool is larger than the server keeps.' },
  run_not_found: { retryable: false, meaning: 'No run of this owner has this id, or its log is gone.' },
  run_expired: { retryable: false, meaning: 'A run with this id ended and its log is gone; it is not executed again.' },
  run_id_conflict: { retryable: false, meaning: 'A run with this id was asked for with other content.' },
  run_interrupted: { retryable: true, meaning: 'The server stopped while the run was in progress.' },
  too_many_runs: {
    retryable: true,
    meaning: 'The connection or the server has as many runs in progress as it takes; one that ends takes none.',
  },
  approval_not_found: { retryable: false, meaning: 'The run asked for no approval of this call.' },
  message_not_found: { retryable: false, meaning: 'The conversation has no message with this id.' },
  attachment_not_found: { retryable: false, meaning: 'The conversation has no attachment with this id.' },
  unsupported_content: {
    retryable: false,
    meaning: 'The server or its model does not take such an attachment, or so much of them.',
  },
  conversation_busy: { retryable: true, meaning: 'The conversation has a run in progress.' },
  rate_limited: { retryable: true, meaning: 'Too many messages, or too many that wait for their answers.' },
  unauthorized: { retryable: false, meaning: 'The client did not say who it is, or its proof does not hold.' },
  forbidden: { retryable: false, meaning: 'The client may not do this.' },
  internal_error: { retryable: true, meaning: 'The server failed; the cause is in its log.' },
} as const satisfies Record<string, ErrorCodeInfo>;

/** The `code` of an `error` message. */
export type ErrorCode = keyof typeof ERROR_CODES;
