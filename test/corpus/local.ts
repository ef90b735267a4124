import { calls, chunksOf, costs, DONE, ends, event, keeps, piece, says, streamsOf, thinks } from './stream.js';

const ollama = chunksOf({
  id: 'chatcmpl-742',
  object: 'chat.completion.chunk',
  created: 1_730_000_000,
  model: 'llama3.2',
  system_fingerprint: 'fp_ollama',
});

export const ollamaOld = streamsOf('Ollama, older', {
  'text, without usage': {
    body:
      ollama.deltas({ role: 'assistant', content: 'Hi' }, { role: 'assistant', content: ' there' }) +
      ollama.chunk({ role: 'assistant', content: '' }, 'stop') +
      DONE,
    parts: [says('Hi there'), ends('stop')],
  },
  'whole tool calls, all numbered 0, and "stop"': {
    body:
      ollama.chunk({
        role: 'assistant',
        content: '',
        ...piece(0, { id: 'call_i2z6', type: 'function' }, '{"city":"Bonn"}', 'weather'),
      }) +
      ollama.chunk({
        role: 'assistant',
        content: '',
        ...piece(0, { id: 'call_9xk1', type: 'function' }, '{"city":"Köln"}', 'weather'),
      }) +
      ollama.chunk({ role: 'assistant', content: '' }, 'stop') +
      DONE,
    parts: [
      calls('call_i2z6', 'weather', '{"city":"Bonn"}'),
      calls('call_9xk1', 'weather', '{"city":"Köln"}'),
      ends('tool_calls', 'stop'),
    ],
  },
  'arguments that are no text': {
    body:
      ollama.chunk({ role: 'assistant', content: '', ...piece(undefined, {}, { city: 'Bonn' }, 'weather') }) +
      ollama.chunk({ role: 'assistant', content: '' }, 'stop') +
      DONE,
    parts: [calls('?', 'weather', '{"city":"Bonn"}'), ends('tool_calls', 'stop')],
  },
});

export const ollamaNew = streamsOf('Ollama, newer', {
  'reasoning beside empty content': {
    body:
      ollama.deltas(
        { role: 'assistant', content: '', reasoning: 'Six' },
        { role: 'assistant', content: '', reasoning: '…' },
        { role: 'assistant', content: '42' },
      ) +
      ollama.chunk({ role: 'assistant', content: '' }, 'stop') +
      ollama.bare({ usage: { prompt_tokens: 26, completion_tokens: 12, total_tokens: 38 } }) +
      DONE,
    parts: [thinks('Six…'), says('42'), keeps({ reasoning_field: 'reasoning' }), costs(26, 12), ends('stop')],
  },
  'numbered tool calls in one chunk': {
    body:
      ollama.chunk({
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'call_a', index: 0, type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'call_b', index: 1, type: 'function', function: { name: 'g', arguments: '{"x":2}' } },
        ],
      }) +
      ollama.chunk({ role: 'assistant', content: '' }, 'tool_calls') +
      DONE,
    parts: [calls('call_a', 'f', '{}'), calls('call_b', 'g', '{"x":2}'), ends('tool_calls')],
  },
  'an error that is a text': {
    body:
      ollama.chunk({ role: 'assistant', content: 'The' }) +
      event({ error: 'an error was encountered while running the model: unexpected EOF' }),
    parts: [says('The')],
    failure: 'provider_error',
  },
});

const cpp = chunksOf({
  created: 1_756_000_000,
  id: 'chatcmpl-Yd0',
  model: 'gpt-3.5-turbo',
  system_fingerprint: 'b6250-e92734d51',
  object: 'chat.completion.chunk',
});
const timings = { timings: { prompt_n: 11, prompt_ms: 12.5, predicted_n: 3, predicted_per_second: 71.2 } };

export const llamaCpp = streamsOf('llama.cpp', {
  'text, with timings': {
    body:
      cpp.chunk({ role: 'assistant', content: null }) +
      cpp.text('Hi', '!') +
      cpp.chunk({}, 'stop') +
      cpp.bare({ usage: { completion_tokens: 3, prompt_tokens: 11, total_tokens: 14 }, ...timings }) +
      DONE,
    parts: [says('Hi!'), costs(11, 3), ends('stop')],
  },
  'reasoning_content, then a call in pieces': {
    body:
      cpp.chunk({ role: 'assistant', content: null }) +
      cpp.deltas({ reasoning_content: 'I need' }, { reasoning_content: ' a tool.' }) +
      cpp.chunk(piece(0, { id: 'oWqEc7Xr', type: 'function' }, '{', 'clock')) +
      cpp.chunk(piece(0, {}, '}')) +
      cpp.chunk({}, 'tool_calls', timings) +
      DONE,
    parts: [
      thinks('I need a tool.'),
      calls('oWqEc7Xr', 'clock', '{}'),
      keeps({ reasoning_field: 'reasoning_content' }),
      ends('tool_calls'),
    ],
  },
  'an error in a field of its own, as older ones send it': {
    body:
      cpp.text('The half') +
      'error: {"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"invalid_request_error"}\n\n',
    parts: [says('The half')],
    failure: 'context_too_long',
  },
  'an error in the middle': {
    body:
      cpp.text('The half') +
      event({ error: { code: 500, message: 'Context size has been exceeded.', type: 'server_error' } }),
    parts: [says('The half')],
    failure: 'context_too_long',
  },
  'no [DONE], and the same id for every call': {
    body:
      cpp.chunk(piece(0, { id: 'same', type: 'function' }, '{"n":1}', 'f')) +
      cpp.chunk(piece(1, { id: 'same', type: 'function' }, '{"n":2}', 'f')) +
      cpp.chunk({}, 'tool_calls'),
    parts: [calls('same', 'f', '{"n":1}'), calls('?', 'f', '{"n":2}'), ends('tool_calls')],
  },
});

const studio = chunksOf(
  {
    id: 'chatcmpl-kx1',
    object: 'chat.completion.chunk',
    created: 1_741_569_952,
    model: 'qwen2.5-7b-instruct-1m',
    system_fingerprint: 'qwen2.5-7b-instruct-1m',
  },
  { logprobs: null },
);

export const lmStudio = streamsOf('LM Studio', {
  'text, the role in the first piece': {
    body: studio.chunk({ role: 'assistant', content: 'Hi' }) + studio.text(' there') + studio.chunk({}, 'stop') + DONE,
    parts: [says('Hi there'), ends('stop')],
  },
  'a call with a number for an id': {
    body:
      studio.chunk({ role: 'assistant', ...piece(0, { id: '365174485', type: 'function' }, '', 'f') }) +
      studio.chunk(piece(0, {}, '{"a"')) +
      studio.chunk(piece(0, {}, ':1}')) +
      studio.chunk({}, 'tool_calls') +
      DONE,
    parts: [calls('365174485', 'f', '{"a":1}'), ends('tool_calls')],
  },
  'an event that is called error': {
    body:
      studio.text('The') +
      'event: error\ndata: {"error":{"message":"The model has crashed without additional information. (Exit code: 6)"}}\n\n',
    parts: [says('The')],
    failure: 'provider_error',
  },
  'reasoning in tags, as long as nothing is set': {
    body:
      studio.chunk({ role: 'assistant', content: '<think>' }) +
      studio.text('\n', 'Six', ' times', '.\n', '</', 'think', '>', '\n\n', '42', ' is', ' it.') +
      studio.chunk({}, 'stop') +
      DONE,
    parts: [thinks('Six times.\n'), says('42 is it.'), keeps({ reasoning_field: 'content' }), ends('stop')],
  },
  'no reasoning in tags': {
    body: studio.text('<think>', '\n\n', '</think>', '\n\n', '42') + studio.chunk({}, 'stop') + DONE,
    parts: [says('42'), keeps({ reasoning_field: 'content' }), ends('stop')],
  },
  'reasoning, when it is set to be apart': {
    body:
      studio.deltas({ role: 'assistant', reasoning_content: 'Six' }, { reasoning_content: '.' }, { content: '42' }) +
      studio.chunk({}, 'stop') +
      studio.bare({ usage: { prompt_tokens: 18, completion_tokens: 3, total_tokens: 21 } }) +
      DONE,
    parts: [thinks('Six.'), says('42'), keeps({ reasoning_field: 'reasoning_content' }), costs(18, 3), ends('stop')],
  },
});
