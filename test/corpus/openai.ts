import { calls, chunksOf, costs, DONE, ends, event, piece, says, streamsOf } from './stream.js';

const HEAD = {
  id: 'chatcmpl-CrJO8j7nBqeH557THNPz7KG0k4Jcu',
  object: 'chat.completion.chunk',
  created: 1_766_821_948,
  model: 'gpt-4.1-2025-04-14',
  service_tier: 'default',
  system_fingerprint: 'fp_f99638a8d7',
};
const { chunk, bare } = chunksOf(HEAD, { logprobs: null });
const padded = (delta: object, obfuscation: string): string => chunk(delta, null, { usage: null, obfuscation });
const ROLE = padded({ role: 'assistant', content: '', refusal: null }, 'E52');
const counts = {
  prompt_tokens: 1200,
  completion_tokens: 300,
  total_tokens: 1500,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 256, audio_tokens: 0, accepted_prediction_tokens: 0 },
};

export const openai = streamsOf('OpenAI', {
  'text with padding, usage at the end': {
    body:
      ROLE +
      padded({ content: 'Hello' }, '') +
      padded({ content: ', ' }, 'rxmjmgN6wcUfRsp') +
      padded({ content: '世界 😀' }, 'a') +
      chunk({}, 'stop', { usage: null, obfuscation: 'x1' }) +
      bare({ usage: counts, obfuscation: '' }) +
      DONE,
    parts: [says('Hello, 世界 😀'), costs(1200, 300, { cachedInputTokens: 1024, reasoningTokens: 256 }), ends('stop')],
  },
  'parallel tool calls in pieces': {
    body:
      ROLE +
      padded(piece(0, { id: 'call_DdmO9pD3xa9XTPNJ32zg2hcA', type: 'function' }, '', 'calculator'), 'q') +
      padded(piece(0, {}, '{"ex'), 'qq') +
      padded(piece(0, {}, 'pression":"6*7"}'), '') +
      padded(piece(1, { id: 'call_9pD3xa9XTPNJ32zg2hcADdmO', type: 'function' }, '', 'clock'), 'q') +
      padded(piece(1, {}, '{}'), 'qqq') +
      chunk({}, 'tool_calls') +
      DONE,
    parts: [
      calls('call_DdmO9pD3xa9XTPNJ32zg2hcA', 'calculator', '{"expression":"6*7"}'),
      calls('call_9pD3xa9XTPNJ32zg2hcADdmO', 'clock', '{}'),
      ends('tool_calls'),
    ],
  },
  'a refusal': {
    body:
      chunk({ role: 'assistant', refusal: '' }) +
      chunk({ refusal: "I'm sorry, " }) +
      chunk({ refusal: 'no.' }) +
      chunk({}, 'stop') +
      DONE,
    parts: [says("I'm sorry, no."), ends('stop')],
  },
  'cut by the output limit': {
    body: ROLE + padded({ content: 'Once upon' }, 'z') + chunk({}, 'length') + DONE,
    parts: [says('Once upon'), ends('length')],
  },
  'reasoning that stays hidden': {
    body: ROLE + chunk({}, 'length') + bare({ usage: { ...counts, prompt_tokens_details: null } }) + DONE,
    parts: [costs(1200, 300, { reasoningTokens: 256 }), ends('length')],
  },
  'an error in the middle': {
    body:
      ROLE +
      padded({ content: 'Once' }, 'z') +
      event({
        error: {
          message: 'The server had an error while processing your request.',
          type: 'server_error',
          param: null,
          code: null,
        },
      }),
    parts: [says('Once')],
    failure: 'provider_error',
  },
});
