import { calls, chunksOf, costs, DONE, ends, event, keeps, piece, says, streamsOf, thinks } from './stream.js';

const lite = chunksOf({
  id: 'chatcmpl-0b7a',
  created: 1_750_000_000,
  model: 'claude-sonnet-4',
  object: 'chat.completion.chunk',
});
const NOTHING = { function_call: null, tool_calls: null, audio: null, refusal: null };

export const liteLlm = streamsOf('LiteLLM', {
  'text, every other field null': {
    body:
      lite.deltas({ role: 'assistant', content: 'Hi', ...NOTHING }, { content: '!', ...NOTHING }) +
      lite.chunk({ content: null, ...NOTHING }, 'stop') +
      lite.chunk({}, null, {
        usage: {
          completion_tokens: 2,
          prompt_tokens: 8,
          total_tokens: 10,
          cache_read_input_tokens: 0,
          prompt_tokens_details: { cached_tokens: 4 },
        },
      }) +
      DONE,
    parts: [says('Hi!'), costs(8, 2, { cachedInputTokens: 4 }), ends('stop')],
  },
  "Anthropic's signed thinking": {
    body:
      lite.deltas(
        {
          role: 'assistant',
          content: '',
          reasoning_content: 'Let me ',
          thinking_blocks: [{ type: 'thinking', thinking: 'Let me ', signature: '' }],
          ...NOTHING,
        },
        {
          content: '',
          reasoning_content: 'see.',
          thinking_blocks: [{ type: 'thinking', thinking: 'see.', signature: '' }],
        },
        {
          content: '',
          reasoning_content: '',
          thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'RXFv' }],
        },
        piece(0, { id: 'toolu_01', type: 'function' }, '{"x": 1}', 'f'),
      ) +
      lite.chunk({}, 'tool_calls') +
      DONE,
    parts: [
      thinks('Let me see.'),
      calls('toolu_01', 'f', '{"x": 1}'),
      keeps({
        thinking_blocks: [{ type: 'thinking', thinking: true, signature: 'RXFv' }],
        reasoning_field: 'reasoning_content',
      }),
      ends('tool_calls'),
    ],
  },
  "Gemini's signature beside a call": {
    body:
      lite.chunk({
        role: 'assistant',
        content: null,
        ...piece(
          0,
          { id: 'call_3f', type: 'function', provider_specific_fields: { thought_signature: 'Q2lZ' } },
          '{}',
          'f',
        ),
      }) +
      lite.chunk({}, 'tool_calls') +
      DONE,
    parts: [
      calls('call_3f', 'f', '{}', { provider_specific_fields: { thought_signature: 'Q2lZ' } }),
      ends('tool_calls'),
    ],
  },
  'an error with a status as text': {
    body:
      lite.text('Hi') +
      event({
        error: {
          message: 'litellm.RateLimitError: AnthropicException - rate limited',
          type: 'None',
          param: 'None',
          code: '429',
        },
      }),
    parts: [says('Hi')],
    failure: 'provider_rate_limited',
  },
  'an error about the context': {
    body: event({
      error: {
        message:
          'litellm.ContextWindowExceededError: AnthropicException - prompt is too long: 210000 tokens > 200000 maximum',
        type: null,
        param: null,
        code: '400',
      },
    }),
    parts: [],
    failure: 'context_too_long',
  },
});

const router = chunksOf(
  {
    id: 'gen-1790802605-ZVhUC1KCyLNpE8fKfI0G',
    provider: 'Anthropic',
    model: 'anthropic/claude-haiku-4.5',
    object: 'chat.completion.chunk',
    created: 1_790_802_605,
  },
  { native_finish_reason: null, logprobs: null },
);
const detail = (fields: object): object => ({
  type: 'reasoning.text',
  format: 'anthropic-claude-v1',
  index: 0,
  ...fields,
});
const WAIT = ': OPENROUTER PROCESSING\n\n';

export const openRouter = streamsOf('OpenRouter', {
  'text behind comments': {
    body:
      WAIT +
      WAIT +
      router.deltas({ role: 'assistant', content: 'Hi' }, { role: 'assistant', content: '!' }) +
      WAIT +
      router.chunk({ role: 'assistant', content: '' }, 'stop') +
      router.chunk({ role: 'assistant', content: '' }, null, {
        usage: {
          prompt_tokens: 63,
          completion_tokens: 6,
          total_tokens: 69,
          cost: 8.6e-6,
          is_byok: false,
          prompt_tokens_details: { cached_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 0 },
        },
      }) +
      DONE,
    parts: [says('Hi!'), costs(63, 6, { cachedInputTokens: 0, reasoningTokens: 0 }), ends('stop')],
  },
  'reasoning with signed details': {
    body:
      WAIT +
      router.deltas(
        { role: 'assistant', content: '', reasoning: 'The user ', reasoning_details: [detail({ text: 'The user ' })] },
        { role: 'assistant', content: '', reasoning: 'asks.', reasoning_details: [detail({ text: 'asks.' })] },
        { role: 'assistant', content: '', reasoning_details: [detail({ signature: 'RXFv' })] },
        { role: 'assistant', content: 'Yes.' },
      ) +
      router.chunk({ role: 'assistant', content: '' }, 'stop') +
      DONE,
    parts: [
      thinks('The user asks.'),
      says('Yes.'),
      keeps({ reasoning_details: [detail({ text: true, signature: 'RXFv' })], reasoning_field: 'reasoning' }),
      ends('stop'),
    ],
  },
  'sealed reasoning with a call': {
    body:
      router.deltas(
        {
          role: 'assistant',
          content: null,
          reasoning: null,
          reasoning_details: [
            { type: 'reasoning.encrypted', data: 'gAAAAA', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
          ],
        },
        { role: 'assistant', content: null, ...piece(0, { id: 'call_y', type: 'function' }, '', 'f') },
        piece(0, { type: 'function' }, '{}'),
      ) +
      router.chunk({ role: 'assistant', content: '' }, 'tool_calls') +
      DONE,
    parts: [
      calls('call_y', 'f', '{}'),
      keeps({
        reasoning_details: [
          { type: 'reasoning.encrypted', data: 'gAAAAA', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
        ],
      }),
      ends('tool_calls'),
    ],
  },
  'an error beside a choice': {
    body:
      router.text('The half') +
      router.chunk({ content: '' }, 'error', { error: { code: 502, message: 'Provider disconnected unexpectedly' } }) +
      DONE,
    parts: [says('The half')],
    failure: 'provider_error',
  },
  'an error inside a choice': {
    body:
      router.text('The half') +
      event({
        id: 'gen-1',
        choices: [
          {
            index: 0,
            delta: { content: '' },
            finish_reason: 'error',
            error: { code: 429, message: 'Rate limit exceeded' },
          },
        ],
      }) +
      DONE,
    parts: [says('The half')],
    failure: 'provider_rate_limited',
  },
  'an error in place of a stream': {
    body: '{"error":{"message":"Rate limit exceeded: free-models-per-min. ","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20"}}},"user_id":"u"}\n',
    contentType: 'application/json',
    parts: [],
    failure: 'provider_rate_limited',
  },
});
