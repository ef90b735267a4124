import {
  calls,
  chunksOf,
  costs,
  DONE,
  ends,
  endsUnsaid,
  event,
  keeps,
  piece,
  says,
  streamsOf,
  thinks,
} from './stream.js';

const magistral = chunksOf({
  id: '6e5f',
  object: 'chat.completion.chunk',
  created: 1_750_000_000,
  model: 'magistral-medium-latest',
});
const thinking = (text: string): object => ({
  content: [{ type: 'thinking', thinking: [{ type: 'text', text }], closed: false }],
});
const counts = { prompt_tokens: 9, total_tokens: 17, completion_tokens: 8 };

export const mistral = streamsOf('Mistral', {
  'thinking and text in lists of parts': {
    body:
      magistral.deltas(
        { role: 'assistant', content: '' },
        thinking('Six times '),
        thinking('seven.'),
        { content: [{ type: 'text', text: 'It is ' }] },
        {
          content: [
            { type: 'text', text: '42' },
            { type: 'text', text: '.' },
          ],
        },
      ) +
      magistral.chunk({ content: '' }, 'stop', { usage: counts }) +
      DONE,
    parts: [thinks('Six times seven.'), says('It is 42.'), costs(9, 8), ends('stop')],
  },
  'text after thinking, in plain strings': {
    body:
      magistral.deltas({ role: 'assistant', content: '' }, thinking('Hm.'), { content: 'Yes' }) +
      magistral.chunk({ content: '.' }, 'stop', { usage: counts, p: 'abcdef' }) +
      DONE,
    parts: [thinks('Hm.'), says('Yes.'), costs(9, 8), ends('stop')],
  },
  'whole calls in the last chunk': {
    body:
      magistral.chunk({ role: 'assistant', content: '' }) +
      magistral.chunk(
        {
          content: '',
          tool_calls: [
            { id: 'D681PevKs', function: { name: 'f', arguments: '{"x": 1}' }, index: 0 },
            { id: 'wm2Kq8Zr1', function: { name: 'g', arguments: '{}' }, index: 1 },
          ],
        },
        'tool_calls',
        { usage: counts },
      ) +
      DONE,
    parts: [calls('D681PevKs', 'f', '{"x": 1}'), calls('wm2Kq8Zr1', 'g', '{}'), costs(9, 8), ends('tool_calls')],
  },
  'a model that is full': {
    body: magistral.text('And') + magistral.chunk({ content: '' }, 'model_length', { usage: counts }) + DONE,
    parts: [says('And'), costs(9, 8), ends('length', 'model_length')],
  },
  'an error for a reason': {
    body: magistral.text('And') + magistral.chunk({ content: '' }, 'error') + DONE,
    parts: [says('And')],
    failure: 'provider_error',
  },
});

const gem = chunksOf({
  created: 1_752_319_190,
  id: '1URyaLjuGKiqmtkPj86KuAI',
  model: 'gemini-2.5-flash',
  object: 'chat.completion.chunk',
});
const google = (fields: object): { readonly extra_content: object } => ({ extra_content: { google: fields } });

export const gemini = streamsOf('Gemini', {
  'text, usage in every chunk': {
    body:
      gem.chunk({ content: 'Hi', role: 'assistant' }, null, {
        usage: { completion_tokens: 1, prompt_tokens: 4, total_tokens: 5 },
      }) +
      gem.chunk({ content: '!', role: 'assistant' }, 'stop', {
        usage: { completion_tokens: 2, prompt_tokens: 4, total_tokens: 30 },
      }) +
      DONE,
    // The 24 others are of thoughts.
    parts: [says('Hi!'), costs(4, 26), ends('stop')],
  },
  'thoughts that are marked and tagged': {
    body:
      gem.deltas(
        { content: '<thought>**Greeting**\n\nA greeting.', ...google({ thought: true }), role: 'assistant' },
        { content: ' Yes.', ...google({ thought: true }), role: 'assistant' },
        { content: '</thought>Hi', role: 'assistant' },
        { content: ' there', role: 'assistant' },
      ) +
      gem.chunk({ content: null, ...google({ thought_signature: 'sig' }) }, 'stop') +
      DONE,
    parts: [
      thinks('**Greeting**\n\nA greeting. Yes.'),
      says('Hi there'),
      keeps({ extra_content: { google: { thought_signature: 'sig' } } }),
      ends('stop'),
    ],
  },
  'a signed call without an index, and "stop"': {
    body:
      gem.chunk(
        {
          role: 'assistant',
          ...piece(
            undefined,
            { ...google({ thought_signature: 'CtcB' }), id: 'function-call-1', type: 'function' },
            '{"city":"Paris"}',
            'weather',
          ),
        },
        'stop',
      ) + DONE,
    parts: [
      calls('function-call-1', 'weather', '{"city":"Paris"}', google({ thought_signature: 'CtcB' })),
      ends('tool_calls', 'stop'),
    ],
  },
  'parallel calls without index and id': {
    body:
      gem.chunk({ role: 'assistant', ...piece(undefined, { id: '', type: 'function' }, '{"n":1}', 'f') }) +
      gem.chunk({ role: 'assistant', ...piece(undefined, { id: '', type: 'function' }, '{"n":2}', 'f') }, 'stop') +
      DONE,
    parts: [calls('?', 'f', '{"n":1}'), calls('?', 'f', '{"n":2}'), ends('tool_calls', 'stop')],
  },
  'a call that it got wrong': {
    body: gem.chunk({ role: 'assistant' }, 'function_call_filter: MALFORMED_FUNCTION_CALL') + DONE,
    parts: [],
    failure: 'provider_error',
  },
  'an error in a list, in place of a stream': {
    body: '[{\n  "error": {\n    "code": 429,\n    "message": "You exceeded your current quota, please check your plan and billing details.",\n    "status": "RESOURCE_EXHAUSTED"\n  }\n}\n]',
    contentType: 'application/json',
    parts: [],
    failure: 'provider_rate_limited',
  },
});

const gq = chunksOf(
  {
    id: 'chatcmpl-634afeac',
    object: 'chat.completion.chunk',
    created: 1_743_673_633,
    model: 'llama-3.3-70b-versatile',
    system_fingerprint: 'fp_a97cfe35ae',
  },
  { logprobs: null },
);
const FIRST = gq.chunk({ role: 'assistant', content: '' }, null, { x_groq: { id: 'req_01jqxgra1me0' } });

export const groq = streamsOf('Groq', {
  'usage in a field of its own': {
    body:
      FIRST +
      gq.text('Hi', '!') +
      gq.chunk({}, 'stop', {
        x_groq: {
          id: 'req_01jqxgra1me0',
          usage: {
            queue_time: 0.23,
            prompt_tokens: 11,
            completion_tokens: 26,
            total_tokens: 37,
            prompt_tokens_details: { cached_tokens: 3 },
          },
        },
      }) +
      DONE,
    parts: [says('Hi!'), costs(11, 26, { cachedInputTokens: 3 }), ends('stop')],
  },
  'reasoning with its channel': {
    body:
      FIRST +
      gq.deltas({ reasoning: 'Six', channel: 'analysis' }, { reasoning: '.', channel: 'analysis' }, { content: '42' }) +
      gq.chunk({}, 'stop') +
      DONE,
    parts: [thinks('Six.'), says('42'), keeps({ reasoning_field: 'reasoning' }), ends('stop')],
  },
  'whole calls, one without arguments': {
    body:
      FIRST +
      gq.chunk({
        tool_calls: [
          { id: 'fcc4jmv4d', type: 'function', function: { name: 'end', arguments: null }, index: 0 },
          { id: 'x9k2', type: 'function', function: { name: 'f', arguments: '' }, index: 1 },
        ],
      }) +
      gq.chunk({}, 'tool_calls') +
      DONE,
    parts: [calls('fcc4jmv4d', 'end', '{}'), calls('x9k2', 'f', '{}'), ends('tool_calls')],
  },
  'a call that it got wrong': {
    body:
      FIRST +
      'event: error\n' +
      event({
        error: {
          message: "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
          type: 'invalid_request_error',
          code: 'tool_use_failed',
          failed_generation: '<function=f>',
          status_code: 400,
        },
      }),
    parts: [],
    failure: 'provider_error',
  },
});

const plain = chunksOf({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm' });
const line = (data: unknown): string => `data:${JSON.stringify(data)}\n`;

/** Habits that no server has for itself. */
export const anyServer = streamsOf('any server', {
  'no space behind the colon, one line end, names and ids of events': {
    body:
      'retry: 100\nid: 1\nevent: message\n' +
      line({ choices: [{ delta: { content: 'One ' } }] }) +
      line({ choices: [{ delta: { content: 'two' } }] }) +
      line({ choices: [{ delta: {}, finish_reason: 'stop' }] }) +
      'data: [DONE]\n\n',
    parts: [says('One two'), ends('stop')],
  },
  'JSON over several lines': {
    body: 'data: {"choices":\ndata: [{"delta":\ndata: {"content":"Hi"}}]}\n\n' + DONE,
    parts: [says('Hi'), endsUnsaid()],
  },
  'message in place of delta': {
    body:
      event({ choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: null }] }) +
      event({ choices: [{ index: 0, message: { content: '!' }, finish_reason: 'stop' }] }) +
      DONE,
    parts: [says('Hi!'), ends('stop')],
  },
  'a whole answer in place of a stream': {
    body: JSON.stringify(
      {
        id: 'x',
        object: 'chat.completion',
        choices: [
          { index: 0, message: { role: 'assistant', content: 'Hi!', reasoning_content: 'Hm.' }, finish_reason: 'stop' },
        ],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      },
      null,
      2,
    ),
    contentType: 'application/json',
    parts: [thinks('Hm.'), says('Hi!'), keeps({ reasoning_field: 'reasoning_content' }), costs(3, 2), ends('stop')],
  },
  'a byte order mark, and the end of the body for the end of the line': {
    body: '\ufeff' + plain.text('Hi') + 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
    parts: [says('Hi'), ends('stop')],
  },
  'reasoning that is counted beside the output, as by xAI': {
    body:
      plain.text('Hi') +
      plain.chunk({}, 'stop', {
        usage: {
          prompt_tokens: 12,
          completion_tokens: 2,
          total_tokens: 331,
          completion_tokens_details: { reasoning_tokens: 317 },
        },
      }) +
      DONE,
    parts: [says('Hi'), costs(12, 319, { reasoningTokens: 317 }), ends('stop')],
  },
  'a total that holds what is neither output nor reasoning': {
    body:
      plain.text('Hi') +
      plain.chunk({}, 'stop', {
        usage: {
          prompt_tokens: 12,
          completion_tokens: 9,
          total_tokens: 900,
          completion_tokens_details: { reasoning_tokens: 0 },
        },
      }) +
      DONE,
    parts: [says('Hi'), costs(12, 9, { reasoningTokens: 0 }), ends('stop')],
  },
  'an id for every piece': {
    body:
      plain.deltas(piece(0, { id: 'a' }, '{"x"', 'f'), piece(0, { id: 'b' }, ':1}')) +
      plain.chunk({}, 'tool_calls') +
      DONE,
    parts: [calls('a', 'f', '{"x":1}'), ends('tool_calls')],
  },
  'an error in plain text': {
    body: plain.text('The half') + 'event: error\ndata: upstream connect error\n\n',
    parts: [says('The half')],
    failure: 'provider_error',
  },
  'nothing but the mark of the end': { body: DONE, parts: [], failure: 'provider_error' },
  'an end in the middle': { body: plain.text('The half'), parts: [says('The half')], failure: 'provider_error' },
});
