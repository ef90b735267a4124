import { calls, chunksOf, costs, DONE, ends, event, keeps, piece, says, streamsOf, thinks } from './stream.js';

const HEAD = {
  id: 'chatcmpl-8f1c9a7e2b',
  object: 'chat.completion.chunk',
  created: 1_740_000_000,
  model: 'Qwen/Qwen2.5-7B-Instruct',
};
const { chunk, deltas, bare } = chunksOf(HEAD, { logprobs: null });
const last = (reason: string): string =>
  event({
    ...HEAD,
    choices: [{ index: 0, delta: { content: '' }, logprobs: null, finish_reason: reason, stop_reason: null }],
  });
const ROLE = chunk({ role: 'assistant', content: '' });

export const vllmOld = streamsOf('vLLM, older', {
  'text, with usage in every chunk': {
    body:
      ROLE +
      chunk({ content: 'Hi' }, null, { usage: { prompt_tokens: 9, total_tokens: 10, completion_tokens: 1 } }) +
      chunk({ content: '!' }, 'stop', { usage: { prompt_tokens: 9, total_tokens: 11, completion_tokens: 2 } }) +
      bare({ usage: { prompt_tokens: 9, total_tokens: 11, completion_tokens: 2 } }) +
      DONE,
    parts: [says('Hi!'), costs(9, 2), ends('stop')],
  },
  'reasoning_content, null beside text': {
    body:
      ROLE +
      deltas({ reasoning_content: 'Six ' }, { reasoning_content: 'times seven.', content: null }) +
      deltas({ content: '42', reasoning_content: null }) +
      last('stop') +
      bare({ usage: { prompt_tokens: 9, total_tokens: 20, completion_tokens: 11, prompt_tokens_details: null } }) +
      DONE,
    parts: [
      thinks('Six times seven.'),
      says('42'),
      keeps({ reasoning_field: 'reasoning_content' }),
      costs(9, 11),
      ends('stop'),
    ],
  },
  'a tool call whose name comes whole': {
    body:
      ROLE +
      chunk(piece(0, { id: 'chatcmpl-tool-4c1e', type: 'function' }, undefined, 'calculator')) +
      chunk(piece(0, {}, '{"expression": "')) +
      chunk(piece(0, {}, '6*7"}')) +
      last('tool_calls') +
      DONE,
    parts: [calls('chatcmpl-tool-4c1e', 'calculator', '{"expression": "6*7"}'), ends('tool_calls')],
  },
  'an error without an envelope': {
    body:
      event({
        object: 'error',
        message: 'EngineCore encountered an issue.',
        type: 'InternalServerError',
        param: null,
        code: 500,
      }) + DONE,
    parts: [],
    failure: 'provider_error',
  },
});

const NEW = chunksOf({ ...HEAD, model: 'openai/gpt-oss-120b' }, { logprobs: null, token_ids: null });

export const vllmNew = streamsOf('vLLM, newer', {
  reasoning: {
    body:
      NEW.chunk({ role: 'assistant', content: '', reasoning_content: null }) +
      NEW.deltas({ reasoning: 'Six.' }, { reasoning: ' Seven.' }, { content: '42' }) +
      NEW.chunk({ content: '' }, 'stop') +
      DONE,
    parts: [thinks('Six. Seven.'), says('42'), keeps({ reasoning_field: 'reasoning' }), ends('stop')],
  },
  'both names at once, while it changes its mind': {
    body:
      NEW.deltas(
        { reasoning: 'Six', reasoning_content: 'Six' },
        { reasoning: '', reasoning_content: '!' },
        { reasoning: '?', reasoning_content: '' },
      ) +
      NEW.chunk({ content: '42' }, 'stop') +
      DONE,
    parts: [thinks('Six!?'), says('42'), keeps({ reasoning_field: 'reasoning_content' }), ends('stop')],
  },
  'a run that was aborted': {
    body: NEW.text('The half of ') + NEW.chunk({ content: '' }, 'abort') + DONE,
    parts: [says('The half of ')],
    failure: 'provider_error',
  },
  'an error in the middle': {
    body:
      NEW.text('The half') +
      event({
        error: {
          message: "This model's maximum context length is 4096 tokens.",
          type: 'BadRequestError',
          param: null,
          code: 400,
        },
      }) +
      DONE,
    parts: [says('The half')],
    failure: 'context_too_long',
  },
});
