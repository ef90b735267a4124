import type { ErrorCode } from '../../protocol/error-codes.js';
import type { UpstreamError } from './upstream-error.js';

/** The cause of a failed request: code and sentence for a client. */
export interface FailureCause {
  readonly code: ErrorCode;
  readonly sentence: string;
}

interface Rule extends FailureCause {
  /** Pattern for a code or type, in lower case. */
  readonly codes: RegExp;
  readonly words?: RegExp;
  readonly statuses: readonly number[];
}

/** How OpenAI, vLLM, llama.cpp, Gemini, Anthropic, Qwen, Moonshot and others say that a conversation is too long. */
const TOO_LONG = new RegExp(
  [
    'context[ _-]?(?:length|window|size|limit)|max_model_len',
    '(?:prompt|input|request|conversation|messages?)(?: is| are)? too long',
    'input token count.*exceeds|maximum number of tokens allowed|input tokens exceed',
    'max(?:imum)? (?:allowed )?(?:prompt|input|model) length',
    'reduce the length of the (?:messages|prompt|input)|current length is \\d+ while limit',
    'exceeded model token limit|token limit exceeded|(?:prompt|token count).*exceeds the limit of',
    'range of input length should be',
    // Rate limits use these words, too, but also ask to wait.
    'too many (?:input |prompt )?tokens(?!.*wait)',
    // A rate limit that one request exceeds by itself: waiting does not help.
    'request too large for|input or output tokens must be reduced',
    'inputs` tokens \\+ `max_new_tokens|inputs`? must have less than',
    '(?:prompt|输入|上下文|文本).{0,12}(?:超长|过长|超出|超过)',
  ].join('|'),
  'i',
);

/** How Ollama, vLLM, llama.cpp, OpenRouter, LiteLLM, Bedrock and others say that a model takes no tools. */
const NO_TOOLS = new RegExp(
  [
    "(?:not|n't) support (?:(?:the )?use of )?(?:tools\\b|tool (?:use|call)|function[ _]call)",
    "(?:not|n't) support parameters: .{0,80}'tools'",
    "(?:tools|tool (?:use|calls|calling)|function[ _]call(?:s|ing))['`]? (?:is|are) not (?:supported|enabled|available)",
    'endpoints found that support tool use',
    'requires --enable-auto-tool-choice|tools param requires --jinja',
  ].join('|'),
  'i',
);

/** Whether a server refuses a request because of its tools. */
export function refusesTools({ message }: UpstreamError): boolean {
  return NO_TOOLS.test(message);
}

/** Rules in the order they are tried: first by codes and words, then by status. */
const RULES: readonly Rule[] = [
  {
    code: 'context_too_long',
    sentence: 'The conversation is longer than the context of the model.',
    codes:
      /^(?:context_length_exceeded|exceed_context_size_error|(?:model_)?context_window_exceeded|(?:input|prompt)_too_long|request_too_large|1261)$/,
    words: TOO_LONG,
    statuses: [413],
  },
  {
    code: 'content_refused',
    sentence: "The model provider's content filter refused the question.",
    codes:
      /^(?:content_?filter|content_policy_violation|responsibleaipolicyviolation|data_?inspection_?failed|moderation_blocked|1301|1026|1027)$/,
    words:
      /content management policy|inappropriate content|content policy|flagged (?:as|for|by)|敏感内容|不安全或敏感|违规/i,
    statuses: [],
  },
  {
    code: 'provider_overloaded',
    sentence: 'The model provider has no capacity now.',
    codes:
      /^(?:(?:engine_|server_|model_)?overloaded(?:_error)?|service_?unavailable(?:_?error)?|unavailable|capacity_exceeded|1305|1312)$/,
    words: /overload|at capacity|capacity exceeded|server (?:is )?busy|high (?:demand|traffic|load)|系统繁忙|过载/i,
    statuses: [503, 529],
  },
  {
    code: 'provider_rate_limited',
    sentence: 'The model provider asks to slow down.',
    // Gemini calls a full minute a quota, too; its code tells them apart.
    codes:
      /^(?:rate_?limit.*|too_?many_?requests|throttling.*|resource_exhausted|limit_requests|limit_burst_rate|1302|1303|1002)$/,
    words: /rate[ -]?limit|too many requests|throttl|slow down|请求过于频繁|频率|并发/i,
    statuses: [429],
  },
  {
    code: 'provider_quota_exhausted',
    sentence: 'The quota at the model provider is used up.',
    codes:
      /^(?:insufficient_(?:user_)?(?:quota|balance|credits?|funds)|exceeded_current_quota_error|billing_.*|arrearage|payment_required|allocationquota\..*|1113|1008)$/,
    words:
      /insufficient (?:account )?(?:balance|quota|credits?|funds)|balance is too low|current quota|(?:more|no|out of) credits|free (?:allocated )?quota|overdue|recharge|余额不足|额度不足|欠费/i,
    statuses: [402],
  },
  {
    code: 'provider_unauthorized',
    sentence: 'Authentication at the model provider failed.',
    codes:
      /^(?:invalid_api_key|api_key_invalid|(?:invalid_)?authentication_(?:error|required)|unauthenticated|unauthorized|permission_(?:denied|error)|access_?denied|account_deactivated|1004|2049)$/,
    words:
      /api[ -]?key (?:is )?(?:not valid|invalid|missing)|(?:invalid|incorrect|no|missing) api[ -]?key|unauthorized/i,
    statuses: [401, 403],
  },
  {
    // Groq parses the calls of its models: the next try mostly succeeds.
    code: 'provider_error',
    sentence: 'The model called a tool in a form that the model provider cannot read.',
    codes: /^tool_use_failed$/,
    statuses: [],
  },
  {
    code: 'provider_timeout',
    sentence: 'The model provider did not answer in time.',
    codes: /^(?:(?:request_|gateway_)?timeout(?:_error)?|deadline_exceeded|1001)$/,
    words: /timed out/i,
    statuses: [408, 504, 524],
  },
];

const FAILED: FailureCause = { code: 'provider_error', sentence: 'The model provider failed.' };
const REFUSED: FailureCause = { code: 'provider_refused', sentence: 'The model provider refused the request.' };
const REFUSAL =
  /^(?:invalid_request(?:_error)?|invalid_?parameter.*|invalid_argument|bad_?request(?:_?error)?|not_found(?:_error)?|model_not_(?:found|exist)|unsupported_.*|2013)$/;

/** Sentences for statuses that tell more than their cause does. */
const SENTENCES: Readonly<Record<number, string>> = {
  403: 'The model provider does not permit this request.',
  404: 'The model provider does not know this model or address.',
  407: 'The proxy on the way to the model provider wants a login.',
};

/** Classifies everything that model servers report as an error. */
export function causeOf(error: UpstreamError): FailureCause {
  const { status, codes, message } = error;
  // These statuses are unambiguous; their message may contain a model name such as "long-context-window".
  const isPlain = status === 401 || status === 404 || status === 407;
  const matches = ({ codes: known, words }: Rule): boolean =>
    codes.some((code) => known.test(code)) || (!isPlain && words?.test(message) === true);
  const rule = RULES.find(matches);
  if (rule !== undefined) return rule;
  if (status === undefined) return codes.some((code) => REFUSAL.test(code)) ? REFUSED : FAILED;
  return withSentence(byStatus(status), SENTENCES[status]);
}

function byStatus(status: number): FailureCause {
  const rule = RULES.find(({ statuses }) => statuses.includes(status));
  if (rule !== undefined) return rule;
  // 409 and 425 are temporary.
  return status < 500 && status !== 409 && status !== 425 ? REFUSED : FAILED;
}

function withSentence(cause: FailureCause, sentence: string | undefined): FailureCause {
  return sentence === undefined ? cause : { code: cause.code, sentence };
}
