import { calls, chunksOf, costs, DONE, ends, event, keeps, piece, says, streamsOf, thinks } from './stream.js';

const seek = chunksOf(
  {
    id: '1f633d8b-fc1f',
    object: 'chat.completion.chunk',
    created: 1_737_000_000,
    model: 'deepseek-reasoner',
    system_fingerprint: 'fp_7e73fd9a08',
  },
  { logprobs: null },
);
const FIELD = keeps({ reasoning_field: 'reasoning_content' });

export const deepSeek = streamsOf('DeepSeek', {
  'reasoning, then text, both fields always there': {
    body:
      ': keep-alive\n\n: keep-alive\n\n' +
      seek.deltas(
        { role: 'assistant', content: null, reasoning_content: '' },
        { content: null, reasoning_content: '六' },
        { content: null, reasoning_content: '七' },
        { content: '四十二', reasoning_content: null },
      ) +
      seek.chunk({ content: '', reasoning_content: null }, 'stop', {
        usage: {
          prompt_tokens: 13,
          completion_tokens: 200,
          total_tokens: 213,
          prompt_tokens_details: { cached_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 180 },
          prompt_cache_hit_tokens: 0,
          prompt_cache_miss_tokens: 13,
        },
      }) +
      DONE,
    parts: [
      thinks('六七'),
      says('四十二'),
      FIELD,
      costs(13, 200, { cachedInputTokens: 0, reasoningTokens: 180 }),
      ends('stop'),
    ],
  },
  'text, with the cache counted in its own way': {
    body:
      seek.chunk({ role: 'assistant', content: '' }) +
      seek.text('Hi') +
      seek.chunk({ content: '' }, 'stop', {
        usage: {
          prompt_tokens: 100,
          completion_tokens: 1,
          total_tokens: 101,
          prompt_cache_hit_tokens: 64,
          prompt_cache_miss_tokens: 36,
        },
      }) +
      DONE,
    parts: [says('Hi'), costs(100, 1, { cachedInputTokens: 64 }), ends('stop')],
  },
  'reasoning, then a call': {
    body:
      seek.deltas(
        { role: 'assistant', content: null, reasoning_content: '' },
        { reasoning_content: 'A tool.' },
        piece(0, { id: 'call_00_a', type: 'function' }, '', 'calculator'),
        piece(0, {}, '{"expression"'),
        piece(0, {}, ':"6*7"}'),
      ) +
      seek.chunk({ content: '', reasoning_content: null }, 'tool_calls') +
      DONE,
    parts: [thinks('A tool.'), calls('call_00_a', 'calculator', '{"expression":"6*7"}'), FIELD, ends('tool_calls')],
  },
  'no resources in the middle': {
    body: seek.text('The half') + seek.chunk({ content: '' }, 'insufficient_system_resource') + DONE,
    parts: [says('The half')],
    failure: 'provider_error',
  },
});

const qwenHead = {
  object: 'chat.completion.chunk',
  created: 1_735_113_344,
  system_fingerprint: null,
  model: 'qwen-plus',
  id: 'chatcmpl-e30f5ae7',
};
const qwenEvent = (delta: object, reason: string | null = null, usage: object | null = null): string =>
  event({ choices: [{ delta, finish_reason: reason, index: 0, logprobs: null }], usage, ...qwenHead });

export const qwen = streamsOf('Qwen', {
  'text, usage null until the end': {
    body:
      qwenEvent({ content: '', role: 'assistant' }) +
      qwenEvent({ content: '我是' }) +
      qwenEvent({ content: '通义千问' }) +
      qwenEvent({ content: '' }, 'stop') +
      event({
        choices: [],
        usage: {
          prompt_tokens: 22,
          completion_tokens: 17,
          total_tokens: 39,
          prompt_tokens_details: { cached_tokens: 0 },
        },
        ...qwenHead,
      }) +
      DONE,
    parts: [says('我是通义千问'), costs(22, 17, { cachedInputTokens: 0 }), ends('stop')],
  },
  thinking: {
    body:
      qwenEvent({ content: null, role: 'assistant', reasoning_content: '' }) +
      qwenEvent({ content: null, reasoning_content: '嗯' }) +
      qwenEvent({ content: null, reasoning_content: '，' }) +
      qwenEvent({ content: '好', reasoning_content: null }) +
      qwenEvent({ content: '', reasoning_content: null }, 'stop') +
      DONE,
    parts: [thinks('嗯，'), says('好'), FIELD, ends('stop')],
  },
  'calls whose later pieces have an empty id and no name': {
    body:
      qwenEvent({ content: null, ...piece(0, { id: 'call_5dc8', type: 'function' }, '', 'weather') }) +
      qwenEvent({
        tool_calls: [{ function: { arguments: '{"city": ', name: null }, index: 0, id: '', type: 'function' }],
      }) +
      qwenEvent({
        tool_calls: [{ function: { arguments: '"上海"}', name: '' }, index: 0, id: '', type: 'function' }],
      }) +
      qwenEvent({ tool_calls: [{ function: { arguments: null }, index: 0, id: '', type: 'function' }] }) +
      qwenEvent({ content: '' }, 'tool_calls') +
      DONE,
    parts: [calls('call_5dc8', 'weather', '{"city": "上海"}'), ends('tool_calls')],
  },
  'a question it will not answer': {
    body: event({
      error: {
        code: 'data_inspection_failed',
        param: null,
        message: 'Output data may contain inappropriate content.',
        type: 'data_inspection_failed',
      },
      id: 'chatcmpl-x',
      request_id: 'x',
    }),
    parts: [],
    failure: 'content_refused',
  },
  'code and message at the top': {
    body:
      qwenEvent({ content: 'The' }) +
      event({
        code: 'Throttling.RateQuota',
        message: 'Requests rate limit exceeded, please try again later.',
        request_id: '8d3f',
      }),
    parts: [says('The')],
    failure: 'provider_rate_limited',
  },
});

const moon = chunksOf({
  id: 'cmpl-1305b94c570f',
  object: 'chat.completion.chunk',
  created: 1_698_999_575,
  model: 'kimi-k2',
});

export const moonshot = streamsOf('Moonshot', {
  'usage inside the choice': {
    body:
      moon.chunk({ role: 'assistant', content: '' }) +
      moon.text('你', '好') +
      event({
        id: 'cmpl-1305b94c570f',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'kimi-k2',
        choices: [
          {
            index: 0,
            delta: {},
            finish_reason: 'stop',
            usage: { prompt_tokens: 19, completion_tokens: 13, total_tokens: 32, cached_tokens: 8 },
          },
        ],
      }) +
      DONE,
    parts: [says('你好'), costs(19, 13, { cachedInputTokens: 8 }), ends('stop')],
  },
  'calls numbered by their names': {
    body:
      moon.chunk({ role: 'assistant', content: '' }) +
      moon.deltas(
        piece(0, { id: 'calculator:0', type: 'function' }, '', 'calculator'),
        piece(0, {}, '{"expression":"1"}'),
        piece(1, { id: 'calculator:1', type: 'function' }, '', 'calculator'),
        piece(1, {}, '{"expression":"2"}'),
      ) +
      moon.chunk({}, 'tool_calls') +
      DONE,
    parts: [
      calls('calculator:0', 'calculator', '{"expression":"1"}'),
      calls('calculator:1', 'calculator', '{"expression":"2"}'),
      ends('tool_calls'),
    ],
  },
  'thinking, then a call': {
    body:
      moon.deltas(
        { role: 'assistant', content: '' },
        { reasoning_content: 'The user' },
        { reasoning_content: ' asks.' },
        piece(0, { id: 'f:0', type: 'function' }, '{}', 'f'),
      ) +
      moon.chunk({}, 'tool_calls') +
      DONE,
    parts: [thinks('The user asks.'), calls('f:0', 'f', '{}'), FIELD, ends('tool_calls')],
  },
  'too much at once': {
    body: event({
      error: { message: 'The engine is currently overloaded, please try again later', type: 'engine_overloaded_error' },
    }),
    parts: [],
    failure: 'provider_overloaded',
  },
});

const glm = chunksOf({ id: '20250828', created: 1_756_000_000, model: 'glm-4.6' });

export const zhipu = streamsOf('Zhipu', {
  'text, with the role in every piece': {
    body:
      glm.deltas({ role: 'assistant', content: '你' }, { role: 'assistant', content: '好' }) +
      glm.chunk({ role: 'assistant', content: '' }, 'stop', {
        usage: {
          prompt_tokens: 8,
          completion_tokens: 2,
          total_tokens: 10,
          prompt_tokens_details: { cached_tokens: 2 },
        },
      }) +
      DONE,
    parts: [says('你好'), costs(8, 2, { cachedInputTokens: 2 }), ends('stop')],
  },
  'thinking, then a whole call': {
    body:
      glm.deltas(
        { role: 'assistant', reasoning_content: '需要' },
        { role: 'assistant', reasoning_content: '工具' },
        { role: 'assistant', ...piece(0, { id: 'call_-81', type: 'function' }, '{"city":"北京"}', 'weather') },
      ) +
      glm.chunk({ role: 'assistant', content: '' }, 'tool_calls') +
      DONE,
    parts: [thinks('需要工具'), calls('call_-81', 'weather', '{"city":"北京"}'), FIELD, ends('tool_calls')],
  },
  'a filter that cut the answer': {
    body: glm.text('不') + glm.chunk({ role: 'assistant', content: '' }, 'sensitive') + DONE,
    parts: [says('不'), ends('content_filter', 'sensitive')],
  },
  'its network broke': {
    body: glm.text('一半') + glm.chunk({ role: 'assistant', content: '' }, 'network_error') + DONE,
    parts: [says('一半')],
    failure: 'provider_error',
  },
});

const max = chunksOf({
  id: '04ecb5d9b1921ae0fb0e8da9017a5474',
  created: 1_755_153_113,
  model: 'MiniMax-M2',
  object: 'chat.completion.chunk',
});
const FINE = { base_resp: { status_code: 0, status_msg: '' }, input_sensitive: false, output_sensitive: false };
const whole = (content: string): string =>
  event({
    id: '04ec',
    choices: [{ finish_reason: 'stop', index: 0, message: { content, role: 'assistant' } }],
    created: 1,
    model: 'MiniMax-M2',
    object: 'chat.completion',
    usage: { total_tokens: 20, total_characters: 0, prompt_tokens: 12, completion_tokens: 8 },
    ...FINE,
  });

export const miniMax = streamsOf('MiniMax', {
  'text, all of it once more at the end': {
    body:
      max.chunk({ content: 'Hi', role: 'assistant' }, null, FINE) +
      max.chunk({ content: ' there', role: 'assistant' }, null, FINE) +
      max.chunk({ content: '', role: 'assistant' }, 'stop', FINE) +
      whole('Hi there'),
    parts: [says('Hi there'), costs(12, 8), ends('stop')],
  },
  'reasoning apart': {
    body:
      max.deltas(
        {
          role: 'assistant',
          reasoning_details: [
            { type: 'reasoning.text', id: 'reasoning-text-1', format: 'MiniMax-response-v1', index: 0, text: 'A gre' },
          ],
        },
        {
          reasoning_details: [
            { type: 'reasoning.text', id: 'reasoning-text-1', format: 'MiniMax-response-v1', index: 0, text: 'eting.' },
          ],
        },
        { content: 'Hi!' },
      ) +
      max.chunk({}, 'stop', FINE) +
      DONE,
    parts: [
      thinks('A greeting.'),
      says('Hi!'),
      keeps({
        reasoning_details: [
          { type: 'reasoning.text', id: 'reasoning-text-1', format: 'MiniMax-response-v1', index: 0, text: true },
        ],
      }),
      ends('stop'),
    ],
  },
  'reasoning in tags, then a call': {
    body:
      max.deltas({ content: '<think>\n', role: 'assistant' }, { content: 'A tool.' }, { content: '\n</think>\n\n' }) +
      max.chunk(piece(0, { id: 'call_function_1', type: 'function' }, '{}', 'f'), null, FINE) +
      max.chunk({}, 'tool_calls', FINE) +
      DONE,
    parts: [
      thinks('A tool.\n'),
      calls('call_function_1', 'f', '{}'),
      keeps({ reasoning_field: 'content' }),
      ends('tool_calls'),
    ],
  },
  'no balance, in a success': {
    body: event({
      id: '1',
      choices: null,
      created: 1,
      model: 'MiniMax-M2',
      object: '',
      usage: { total_tokens: 0 },
      base_resp: { status_code: 1008, status_msg: 'insufficient balance' },
    }),
    parts: [],
    failure: 'provider_quota_exhausted',
  },
  'no balance, in place of a stream': {
    body: '{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
    contentType: 'application/json; charset=utf-8',
    parts: [],
    failure: 'provider_quota_exhausted',
  },
});
