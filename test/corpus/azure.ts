import { calls, chunksOf, costs, DONE, ends, event, piece, says, streamsOf } from './stream.js';

const SAFE = { hate: { filtered: false, severity: 'safe' }, violence: { filtered: false, severity: 'safe' } };
const FIRST = event({
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [
    { prompt_index: 0, content_filter_results: { ...SAFE, jailbreak: { filtered: false, detected: false } } },
  ],
});
const HEAD = {
  created: 1_766_822_043,
  id: 'chatcmpl-CrJPfescRCu97FKfyqeeA4nmE4YjX',
  model: 'gpt-5-2025-08-07',
  object: 'chat.completion.chunk',
  system_fingerprint: null,
};
const { chunk, bare } = chunksOf(HEAD, { content_filter_results: SAFE, logprobs: null });
const ROLE = chunk({ content: '', refusal: null, role: 'assistant' }, null, { usage: null });

export const azure = streamsOf('Azure', {
  'filter results without choices, usage alone': {
    body:
      FIRST +
      ROLE +
      chunk({ content: 'Az' }) +
      chunk({ content: 'ure' }) +
      chunk({}, 'stop') +
      bare({ usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }) +
      DONE,
    parts: [says('Azure'), costs(5, 2), ends('stop')],
  },
  'an asynchronous filter, whose results have no delta': {
    body:
      FIRST +
      ROLE +
      chunk({ content: 'Late' }) +
      event({
        ...HEAD,
        choices: [
          {
            index: 0,
            finish_reason: null,
            content_filter_offsets: { check_offset: 0, start_offset: 0, end_offset: 4 },
            content_filter_results: SAFE,
          },
        ],
      }) +
      event({ ...HEAD, choices: [{ index: 0, finish_reason: 'stop', content_filter_results: {} }] }) +
      event({
        id: '',
        object: '',
        created: 0,
        model: '',
        choices: [{ index: 0, finish_reason: null, content_filter_results: SAFE }],
      }) +
      DONE,
    parts: [says('Late'), ends('stop')],
  },
  'an answer that the filter cut': {
    body:
      FIRST +
      ROLE +
      chunk({ content: 'To make' }) +
      event({
        ...HEAD,
        choices: [
          {
            index: 0,
            delta: {},
            finish_reason: 'content_filter',
            content_filter_results: { violence: { filtered: true, severity: 'high' } },
          },
        ],
      }) +
      DONE,
    parts: [says('To make'), ends('content_filter')],
  },
  'a tool call': {
    body:
      FIRST +
      ROLE +
      chunk(piece(0, { id: 'call_a', type: 'function' }, '', 'f')) +
      chunk(piece(0, {}, '{"x":1}')) +
      chunk({}, 'tool_calls') +
      DONE,
    parts: [calls('call_a', 'f', '{"x":1}'), ends('tool_calls')],
  },
  'a filter that is out of order': {
    body:
      FIRST +
      ROLE +
      event({
        ...HEAD,
        choices: [
          {
            index: 0,
            delta: { content: 'Still' },
            finish_reason: null,
            content_filter_result: {
              error: { code: 'content_filter_error', message: 'The contents are not filtered' },
            },
          },
        ],
      }) +
      chunk({}, 'stop') +
      DONE,
    parts: [says('Still'), ends('stop')],
  },
});
