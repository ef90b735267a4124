import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isToolsRefused } from '../../../../src/agent/tools-refused.js';
import { AgentSocketError } from '../../../../src/protocol/agent-socket-error.js';
import { Failures, UpstreamRefusal } from '../../../../src/providers/openai/failures.js';
import { isUpstreamError } from '../../../../src/providers/openai/upstream-error.js';

const KEY = 'my-own-secret-0042';
const failures = new Failures([KEY], []);

const refused = (status: number, body: unknown, headers: Record<string, string> = {}): AgentSocketError =>
  failures.of(new UpstreamRefusal(new Error(`${status}`), status, body, new Headers(headers)));

const error = (message: string, more: object = {}): object => ({ error: { message, ...more } });

describe('a conversation that is too long', () => {
  it.each<[string, number, unknown]>([
    [
      'OpenAI',
      400,
      error(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130013 tokens. Please reduce the length of the messages.",
        { type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
      ),
    ],
    ['OpenAI, Responses', 400, error('Your input exceeds the context window of this model. Please adjust your input.')],
    [
      'OpenAI, more than a minute may take',
      429,
      error(
        'Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 41000. The input or output tokens must be reduced in order to run successfully.',
        { type: 'tokens', code: 'rate_limit_exceeded' },
      ),
    ],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message:
          "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens in the messages. Please reduce the length of the messages.",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    ],
    [
      'vLLM, newer',
      400,
      error('The decoder prompt (length 9001) is longer than the maximum model length of 8192.', { code: 400 }),
    ],
    [
      'llama.cpp',
      400,
      error('request (4267 tokens) exceeds the available context size (4096 tokens), try increasing it', {
        code: 400,
        type: 'exceed_context_size_error',
        n_prompt_tokens: 4267,
        n_ctx: 4096,
      }),
    ],
    ['llama.cpp, at its end', 500, error('Context size has been exceeded.', { code: 500, type: 'server_error' })],
    [
      'Gemini',
      400,
      [
        error('The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).', {
          code: 400,
          status: 'INVALID_ARGUMENT',
        }),
      ],
    ],
    [
      'Anthropic',
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
      },
    ],
    [
      'Qwen',
      400,
      error('<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]', {
        code: 'invalid_parameter_error',
        type: 'invalid_request_error',
      }),
    ],
    [
      'Moonshot',
      400,
      error('Invalid request: Your request exceeded model token limit: 8192 (requested: 9001)', {
        type: 'invalid_request_error',
      }),
    ],
    [
      'DeepSeek',
      400,
      error(
        "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens (136000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
        { type: 'invalid_request_error', code: 'invalid_request_error' },
      ),
    ],
    [
      'Mistral',
      400,
      {
        object: 'error',
        message:
          'Prompt contains 40960 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
        type: 'invalid_request_prompt_too_long',
        code: 3051,
      },
    ],
    [
      'Groq',
      400,
      error('Please reduce the length of the messages or completion.', {
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      }),
    ],
    [
      'OpenRouter, with the words of the server behind it',
      400,
      error('Provider returned error', {
        code: 400,
        metadata: {
          raw: '{"message":"Input length 131393 exceeds the maximum allowed input length of 131040 tokens."}',
        },
      }),
    ],
    [
      'LiteLLM',
      400,
      error(
        "litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - This model's maximum context length is 16385 tokens.",
        { type: null, param: null, code: '400' },
      ),
    ],
    ['Ollama', 400, { error: 'prompt too long; exceeded max context length by 12 tokens' }],
    [
      'LM Studio',
      400,
      {
        error:
          'Trying to keep the first 9001 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
      },
    ],
    ['Zhipu', 400, error('Prompt 超长', { code: '1261' })],
    [
      'Anthropic, with the answer',
      400,
      error('input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length'),
    ],
    ['vLLM, engine', 400, error('The engine prompt length 5000 exceeds the max_model_len 4096. Please reduce prompt.')],
    ['Cerebras', 400, error('Current length is 9000 while limit is 8192')],
    ['TGI, input alone', 422, error('Input validation error: `inputs` must have less than 4095 tokens. Given: 5000')],
    [
      'OpenAI, a minute in one request',
      429,
      error('Limit 30000, Requested 40000. The input or output tokens must be reduced in order to run successfully.', {
        type: 'tokens',
        code: 'rate_limit_exceeded',
      }),
    ],
    [
      'MiniMax',
      200,
      { base_resp: { status_code: 2013, status_msg: 'invalid params, context window exceeds limit (2013)' } },
    ],
    [
      'xAI',
      400,
      {
        code: 'Client error',
        error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      },
    ],
    ['Bedrock behind a gateway', 400, { message: 'Input is too long for requested model.' }],
    [
      'TGI',
      422,
      {
        error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000',
        error_type: 'validation',
      },
    ],
    ['a proxy with a limit of its own', 413, '<html><head><title>413 Request Entity Too Large</title></head></html>'],
  ])('is known in the words of %s', (_, status, body) => {
    const failure = status === 200 ? failures.inStream(body) : refused(status, body);
    expect([failure.code, failure.message, failure.retryable]).toEqual([
      'context_too_long',
      'The conversation is longer than the context of the model.',
      false,
    ]);
    // Inside a stream it is the same.
    if (status !== 413 && isUpstreamError(body)) expect(failures.inStream(body).code).toBe('context_too_long');
  });

  it.each<[number, unknown, string]>([
    [429, error('ThrottlingException: Too many tokens, please wait before trying again.'), 'provider_rate_limited'],
    [404, error('The model `context-length-32k` does not exist', { code: 'model_not_found' }), 'provider_refused'],
    [401, error('Unauthorized: key of context window 3'), 'provider_unauthorized'],
    [400, error('max_tokens exceeds the limit of 8192'), 'provider_refused'],
  ])('is not what %d says with %j', (status, body, code) => {
    expect(refused(status, body).code).toBe(code);
  });
});

describe('other causes', () => {
  it.each<[string, number, unknown, string, boolean]>([
    [
      'OpenAI, quota',
      429,
      error('You exceeded your current quota, please check your plan and billing details.', {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'Gemini, a full minute',
      429,
      [
        error('You exceeded your current quota, please check your plan and billing details.', {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
        }),
      ],
      'provider_rate_limited',
      true,
    ],
    [
      'DeepSeek, balance',
      402,
      error('Insufficient Balance', { type: 'unknown_error', code: 'invalid_request_error' }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'Anthropic, credit',
      400,
      error('Your credit balance is too low to access the Anthropic API.', { type: 'invalid_request_error' }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'OpenRouter, credit',
      402,
      error('This request requires more credits, or fewer max_tokens.', { code: 402 }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'Moonshot, quota',
      429,
      error('Your account is suspended due to insufficient balance, please recharge', {
        type: 'exceeded_current_quota_error',
      }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'Zhipu, arrears',
      429,
      error('余额不足或无可用资源包,请充值。', { code: '1113' }),
      'provider_quota_exhausted',
      false,
    ],
    [
      'DashScope, arrears',
      400,
      { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
      'provider_quota_exhausted',
      false,
    ],
    [
      'MiniMax, balance',
      200,
      { choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
      'provider_quota_exhausted',
      false,
    ],
    [
      'OpenAI, rate',
      429,
      error('Rate limit reached for gpt-4o in organization org-1 on requests per min (RPM): Limit 3, Used 3.', {
        type: 'requests',
        code: 'rate_limit_exceeded',
      }),
      'provider_rate_limited',
      true,
    ],
    [
      'Azure, rate',
      429,
      error(
        'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds.',
        { code: '429' },
      ),
      'provider_rate_limited',
      true,
    ],
    [
      'Moonshot, rate',
      429,
      error('Your account request reached organization max RPM: 3, please try again after 1 seconds', {
        type: 'rate_limit_reached_error',
      }),
      'provider_rate_limited',
      true,
    ],
    [
      'API Management',
      429,
      { statusCode: 429, message: 'Rate limit is exceeded. Try again in 3 seconds.' },
      'provider_rate_limited',
      true,
    ],
    ['a rate without words', 429, '', 'provider_rate_limited', true],
    [
      'Anthropic, overload',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'provider_overloaded',
      true,
    ],
    [
      'Moonshot, overload',
      429,
      error('The engine is currently overloaded, please try again later', { type: 'engine_overloaded_error' }),
      'provider_overloaded',
      true,
    ],
    [
      'Gemini, overload',
      503,
      [error('The model is overloaded. Please try again later.', { code: 503, status: 'UNAVAILABLE' })],
      'provider_overloaded',
      true,
    ],
    [
      'llama.cpp, loading',
      503,
      error('Loading model', { code: 503, type: 'unavailable_error' }),
      'provider_overloaded',
      true,
    ],
    [
      'FastChat, overload',
      200,
      { text: '**NETWORK ERROR DUE TO HIGH TRAFFIC.**', error_code: 50_001 },
      'provider_overloaded',
      true,
    ],
    [
      'Groq, a call that it cannot read',
      400,
      error("Failed to call a function. See 'failed_generation' for more details.", { code: 'tool_use_failed' }),
      'provider_error',
      true,
    ],
    [
      'OpenAI, key',
      401,
      error('Incorrect API key provided: sk-***. You can find your API key at …', {
        type: 'invalid_request_error',
        code: 'invalid_api_key',
      }),
      'provider_unauthorized',
      false,
    ],
    [
      'Gemini, key',
      400,
      [error('API key not valid. Please pass a valid API key.', { code: 400, status: 'INVALID_ARGUMENT' })],
      'provider_unauthorized',
      false,
    ],
    [
      'MiniMax, key',
      200,
      { base_resp: { status_code: 2049, status_msg: 'invalid api key' } },
      'provider_unauthorized',
      false,
    ],
    [
      'Azure, filter',
      400,
      error("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", {
        code: 'content_filter',
        status: 400,
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      }),
      'content_refused',
      false,
    ],
    [
      'DashScope, filter',
      400,
      error('Input data may contain inappropriate content.', {
        code: 'data_inspection_failed',
        type: 'data_inspection_failed',
      }),
      'content_refused',
      false,
    ],
    [
      'Zhipu, filter',
      400,
      {
        contentFilter: [{ level: 1, role: 'user' }],
        error: { code: '1301', message: '系统检测到输入或生成内容可能包含不安全或敏感内容' },
      },
      'content_refused',
      false,
    ],
    [
      'FastAPI',
      422,
      { detail: [{ type: 'missing', loc: ['body', 'model'], msg: 'Field required', input: {} }] },
      'provider_refused',
      false,
    ],
    ['a redirect of a login', 418, 'I am a teapot', 'provider_refused', false],
    ['a proxy', 407, '', 'provider_refused', false],
    ['a gateway that waited', 504, '<html><title>504 Gateway Time-out</title></html>', 'provider_timeout', true],
    ['a failure', 500, error('The server had an error', { type: 'server_error' }), 'provider_error', true],
    ['a failure behind a gateway', 502, '<html><title>502 Bad Gateway</title></html>', 'provider_error', true],
    ['a conflict', 409, '', 'provider_error', true],
    ['nothing that is known', 200, { error: { message: 'engine dead' } }, 'provider_error', true],
  ])('%s', (_, status, body, code, retryable) => {
    const failure = status === 200 ? failures.inStream(body) : refused(status, body);
    expect([failure.code, failure.retryable]).toEqual([code, retryable]);
  });

  it.each([
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '100.0005' }, 100_001],
    [{ 'retry-after-ms': '0.5' }, 1],
    [{ 'retry-after': '-7' }, 0],
    [{ 'retry-after': '1e999' }, undefined],
    [{ 'retry-after-ms': '1e999' }, undefined],
    [{ 'retry-after': '1e300' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('passes on %j as %s ms', (headers, ms) => {
    expect(refused(429, '', headers).retryAfterMs).toBe(ms);
  });

  it.each([
    ['Quota exceeded. Please retry in 32.5s.', 32_500],
    ['Rate limit reached for gpt-4o. Please try again in 6ms. Visit the page', 6],
    ['Please try again in 1m12.5s', 72_500],
    ['Try again in 60 seconds.', 60_000],
    ['Retry after 250 milliseconds', 250],
    ['Try again in 2 days', undefined],
    ['Try again in a while', undefined],
  ])('passes on the wait in %j as %s ms', (message, ms) => {
    expect(refused(429, error(message)).retryAfterMs).toBe(ms);
    expect(refused(429, error(message), { 'retry-after': '1' }).retryAfterMs).toBe(1_000);
    expect(refused(401, error(message)).retryAfterMs).toBeUndefined();
  });

  it('reads a date in Retry-After', () => {
    const ms = refused(429, '', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).retryAfterMs ?? 0;
    expect(ms).toBeGreaterThan(50_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });

  it('tells a timeout from a refused connection, and the operator why', () => {
    expect(failures.of(new Error('Request timed out.')).code).toBe('provider_timeout');
    const inner = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const failure = failures.of(new Error('Connection error.', { cause: inner }));
    expect([failure.code, failure.message, failure.detail]).toEqual([
      'provider_error',
      'The model provider cannot be reached.',
      'connect ECONNREFUSED 127.0.0.1:9',
    ]);
  });

  it('takes anything that can be thrown, and leaves its own errors alone', () => {
    const own = new AgentSocketError('output_too_large', 'x');
    expect(failures.of(own)).toBe(own);
    for (const thrown of [undefined, null, 7, 'text', {}]) {
      expect(AgentSocketError.isInstance(failures.of(thrown))).toBe(true);
    }
  });
});

describe('a model without tools', () => {
  it.each([
    [400, 'registry.ollama.ai/library/gemma3:4b does not support tools'],
    [400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'],
    [
      404,
      'No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai',
    ],
    [500, 'tools param requires --jinja flag'],
    [400, "This model doesn't support tool use in streaming mode."],
    [400, 'deepseek-reasoner does not support Function Calling'],
    [400, '`tool calling` is not supported with this model'],
    [400, "Unsupported parameter: 'tools' is not supported with this model."],
    [400, "litellm.UnsupportedParamsError: ollama does not support parameters: ['tools'], for model=gemma"],
  ])('is told apart: %d %s', (status, message) => {
    const refusal = refused(status, error(message));
    expect(isToolsRefused(refusal)).toBe(true);
    expect(refusal).toMatchObject({ code: 'provider_refused', detail: expect.stringContaining(message) as string });
  });

  it.each([
    "Unsupported value: 'tool_choice' does not support 'required' with this model.",
    'This model does not support parallel tool calls',
    'messages with role "tool" must be a response to a preceding message with "tool_calls"',
  ])('is not meant by: %s', (message) => {
    expect(isToolsRefused(refused(400, error(message)))).toBe(false);
  });
});

describe('what is no error', () => {
  it.each([
    { choices: [{ delta: { content: 'x' } }], error: null, base_resp: { status_code: 0, status_msg: '' } },
    { choices: [{ delta: {} }], code: 0, message: 'success' },
    { choices: [{ delta: { content: 'x' } }], code: 'E1', message: 'a note beside an answer', detail: 'more' },
    { choices: [], usage: { prompt_tokens: 1 } },
    { code: 200, msg: 'ok' },
    { code: '0', message: 'Success' },
    { type: 'ping' },
    { error: '' },
    {},
    [],
    7,
  ])('%j', (sent) => {
    expect(isUpstreamError(sent)).toBe(false);
  });
});

describe('the detail for the operator', () => {
  it.each<[number, unknown, string]>([
    [400, { detail: 'model llama-9 is not loaded' }, '400: model llama-9 is not loaded'],
    [
      400,
      { error_code: 'BAD_REQUEST', message: 'route chat-prod has no model' },
      '400 bad_request: route chat-prod has no model',
    ],
    [
      400,
      [error('Developer instruction is not enabled', { code: 400, status: 'INVALID_ARGUMENT' })],
      '400 invalid_argument: Developer instruction is not enabled',
    ],
    [400, 'unknown field: seed', '400: unknown field: seed'],
    [
      502,
      '<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>',
      '502: 502 Bad Gateway',
    ],
    [
      422,
      {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'seed'],
            msg: 'Extra inputs are not permitted',
            input: 'what was asked',
          },
        ],
      },
      '422 extra_forbidden: body.seed; Extra inputs are not permitted',
    ],
    [500, '', '500'],
    [400, { error: { message: '', code: KEY, param: 7 } }, '400 [redacted]'],
  ])('%d %j', (status, body, detail) => {
    expect(refused(status, body).detail).toBe(detail);
  });

  it('is short', () => {
    expect(refused(400, error('word '.repeat(10_000))).detail?.length).toBeLessThan(600);
  });

  it('says what a wrong address may lack', () => {
    const at = (baseUrl: string, body: unknown): string | undefined =>
      new Failures([], [], baseUrl).of(new UpstreamRefusal(new Error(), 404, body, undefined)).detail;
    expect(at('http://localhost:8000', { detail: 'Not Found' })).toContain('does the base URL lack /v1 at its end?');
    expect(at('http://localhost:8000/v1', 'Not Found')).not.toContain('lack');
    expect(at('http://localhost:8000', error('no such model', { code: 'model_not_found' }))).not.toContain('lack');
  });

  it('says where a redirect leads, without its query', () => {
    const failure = refused(308, '', { location: 'https://api.example/v1/chat/completions?token=abc' });
    expect([failure.code, failure.detail]).toEqual([
      'provider_refused',
      '308: a redirect to https://api.example/v1/chat/completions; set the base URL to where the API is',
    ]);
  });

  it('holds no key, token, password or long data, nor does the cause', () => {
    const text = `Wrong key ${KEY} at https://user:hunter2@host/v1, Bearer abc.def.ghi, sk-proj-Ab12Cd34, ${'QUJD'.repeat(30)}`;
    const cause = Object.assign(
      new Error(`401 ${text}`, { cause: new Error(`inner ${KEY}`, { cause: `deep ${KEY}` }) }),
      {
        code: KEY,
      },
    );
    const failure = failures.of(new UpstreamRefusal(cause, 401, error(text, { code: KEY }), undefined));
    const everything = inspect(failure, { depth: 10, showHidden: true });
    for (const secret of [KEY, 'hunter2', 'abc.def.ghi', 'sk-proj-Ab12Cd34', 'QUJDQUJD']) {
      expect(everything).not.toContain(secret);
    }
    expect(failure.detail).toContain('Wrong key [redacted] at');
  });

  it.each([{ message: `no ${KEY}` }, `no ${KEY}`, null, 7, { message: 7 }, [], [[[[[[[[[[]]]]]]]]]]])(
    'is made of anything: %j',
    (sent) => {
      const failure = failures.inStream(sent);
      expect(failure.code).toBe('provider_error');
      expect(inspect(failure, { depth: 10 })).not.toContain(KEY);
    },
  );
});
