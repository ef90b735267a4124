import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LlmPart } from '../../../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../../../src/protocol/agent-socket-error.js';
import { ChatDecoder, type Learned } from '../../../../src/providers/openai/chat-decoder.js';
import { Failures } from '../../../../src/providers/openai/failures.js';
import { DeltaTemplate } from '../../../../src/providers/openai/delta-template.js';
import { cut } from './cut.js';
import { cases } from '../../../helpers/schedules.js';
import { ANY_CHARACTER, ANY_GRAPHEME } from '../../../helpers/characters.js';

type Delta = Readonly<Record<string, unknown>>;

const HEAD = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-"4o"-模型' };

const SECOND = '"choices":[{"delta":{"content":"second"}}]';

function chunk(delta: Delta, extra: object = {}): object {
  return { ...HEAD, choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], usage: null, ...extra };
}

function finish(reason: string): object {
  return { ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: reason }] };
}

/** A piece as gateways send it that give each a finish reason. */
function pieceOf(content: string): object {
  return { choices: [{ delta: { content }, finish_reason: 'stop' }] };
}

function decode(pieces: readonly Buffer[], learned?: Learned): { parts: LlmPart[]; complete: boolean } {
  const decoder = new ChatDecoder(new Failures([], []), learned);
  const parts: LlmPart[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    parts.push(...decoder.take());
  }
  const complete = decoder.end();
  parts.push(...decoder.take());
  return { parts, complete };
}

const decodeText = (text: string): LlmPart[] => decode([Buffer.from(text)]).parts;
const events = (chunks: readonly object[]): string => chunks.map((c) => `data: ${JSON.stringify(c)}\n\n`).join('');

/** The same by plain JSON.parse of every event: what the fast path must never differ from. */
function plainly(jsons: readonly string[]): string {
  const said = jsons.flatMap((json) => {
    const { choices } = JSON.parse(json) as { choices: { delta: Delta }[] };
    const { content, reasoning_content: long, reasoning: short } = choices[0]?.delta ?? {};
    const thought = [long, short].find((text) => typeof text === 'string' && text !== '');
    return [
      ...(typeof thought === 'string' ? [`r${thought}`] : []),
      ...(typeof content === 'string' ? [`t${content}`] : []),
    ];
  });
  return spelled(said.map((text) => [text[0] ?? '', text.slice(1)]));
}

/** Kind and text, character by character, so that it does not matter which pieces were joined. */
function spelled(said: readonly (readonly [string, string])[]): string {
  return said
    .map(([kind, text]) => Array.from({ length: text.length }, (_, at) => kind + text.charAt(at)).join(''))
    .join('');
}

/** The JSON written another way, where it is still JSON then. */
function restyled(json: string, style: (json: string) => string): string {
  const other = style(json);
  try {
    JSON.parse(other);
    return other;
  } catch {
    return json;
  }
}

function spelledParts(parts: readonly LlmPart[]): string {
  return spelled(
    parts.flatMap((part) =>
      part.type === 'text-delta' ? [['t', part.text]] : part.type === 'reasoning-delta' ? [['r', part.text]] : [],
    ),
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('ChatDecoder', () => {
  it('reads what a plain JSON.parse of every event reads', () => {
    const whole = JSON.stringify(chunk({ content: '@' }));
    const [before = '', behind = ''] = whole.split('@');
    const text = fc.oneof(
      fc.string({ unit: ANY_GRAPHEME }),
      fc.string({ unit: ANY_CHARACTER }),
      fc.constantFrom(
        ...[
          '',
          '"',
          '\\',
          '\\"',
          '\n\n',
          '\u0001agent-ws\u0001',
          '\ud800',
          '\udc00x',
          '你好，世界',
          '😀',
          before,
          behind,
        ],
        behind + '\n\ndata: ' + before,
        '","content":"no',
        '"}}],"choices":[',
        'data: [DONE]\n\n',
      ),
    );
    const delta = fc.oneof(
      { weight: 6, arbitrary: text.map((content) => ({ content })) },
      { weight: 2, arbitrary: text.map((reasoning_content) => ({ content: null, reasoning_content })) },
      text.map((reasoning) => ({ reasoning, content: '' })),
      fc.tuple(text, text).map(([reasoning_content, reasoning]) => ({ reasoning_content, reasoning })),
      text.map((reasoning) => ({ reasoning_content: '', reasoning })),
      fc.tuple(text, text).map(([content, reasoning]) => ({ content, reasoning })),
      fc.tuple(text, text).map(([a, content]) => ({ annotations: [{ content: a }], content })),
      text.map((content) => ({ role: 'assistant', content, refusal: null, tool_calls: [] })),
      fc.constant({ role: 'assistant' }),
    );
    const extra = fc.oneof(
      { weight: 5, arbitrary: fc.constant({}) },
      fc.nat(3).map((created) => ({ created })),
      text.map((obfuscation) => ({ obfuscation })),
      fc.stringMatching(/^[A-Za-z0-9]{0,9}$/).map((obfuscation) => ({ obfuscation })),
      text.map((content) => ({ content })),
      // Becomes a second "choices" behind the padding.
      fc.constant({ obfuscation: 'abc', twice: 1 }),
      fc.constant({ usage: { prompt_tokens: 1, completion_tokens: 2 } }),
    );
    const style = fc.constantFrom<(json: string) => string>(
      (json) => json,
      (json) => JSON.stringify(JSON.parse(json), null, 1).replaceAll('\n', ' '),
      // Needless escapes are as good as none.
      (json) => json.replaceAll('e', (e, at: number) => (json[at - 1] === '\\' ? e : '\\u0065')),
      // The last of two equal keys counts.
      (json) => json.replace('"delta":{', '"delta":{"content":"lost",'),
    );
    const streams = fc.record({
      id: text,
      isKnown: fc.boolean(),
      chunks: fc.array(fc.tuple(delta, extra), { minLength: 1, maxLength: 20 }),
      repeat: fc.integer({ min: 1, max: 3 }),
      style,
      lead: fc.constantFrom('data: ', 'data:'),
      end: fc.constantFrom('\n', '\r\n', '\r'),
    });
    const match = vi.spyOn(DeltaTemplate.prototype, 'match');
    // The known streams are answers of one server.
    const learned: Learned = {};
    let matched = 0;
    let refused = 0;
    fc.assert(
      fc.property(streams, fc.infiniteStream(fc.integer({ min: 1, max: 900 })), (stream, sizes) => {
        const jsons = stream.chunks.flatMap(([d, e]) =>
          Array.from({ length: stream.repeat }, () =>
            restyled(JSON.stringify(chunk(d, { id: stream.id, ...e })).replace('"twice":1', SECOND), stream.style),
          ),
        );
        const bytes = Buffer.from(jsons.map((json) => stream.lead + json + stream.end + stream.end).join(''));
        const { parts } = decode(cut(bytes, sizes), stream.isKnown ? learned : {});
        for (const { value } of match.mock.results) {
          if (value === -1) refused++;
          else matched++;
        }
        match.mockClear();
        expect(spelledParts(parts)).toBe(plainly(jsons));
      }),
      cases(1500),
    );
    // Both ways must have been gone often for this to say anything.
    expect(matched).toBeGreaterThan(cases(1_500).numRuns);
    expect(refused).toBeGreaterThan(cases(1_500).numRuns);
  });

  it.each([
    ['<think>Hm.</th', 'rHm.</th'],
    ['\n <th', 't\n <th'],
  ])('gives what it held of an answer that breaks off: %j', (content, said) => {
    const { parts, complete } = decode([Buffer.from(events([chunk({ content })]))]);
    expect(complete).toBe(false);
    expect(spelledParts(parts)).toBe(spelled([[said[0] ?? '', said.slice(1)]]));
  });

  it('knows the events of an answer from those of the answer before, however short both are', () => {
    const answer = (id: string, ...said: string[]): string =>
      events(
        [chunk({ role: 'assistant', content: '' }), ...said.map((content) => chunk({ content }))].map((c) => ({
          ...c,
          id,
        })),
      );
    const learned: Learned = {};
    decode([Buffer.from(answer('one', 'Hello', ' you'))], learned);
    const match = vi.spyOn(DeltaTemplate.prototype, 'match');
    const { parts } = decode([Buffer.from(answer('"two"', 'Good', ' bye'))], learned);
    expect(parts).toEqual([{ type: 'text-delta', text: 'Good bye' }]);
    expect(match.mock.results.filter(({ value }) => value !== -1)).toHaveLength(2);
  });

  it.each([
    ['{"choices":[{"delta":{"content":"A"}}],"id":"1"}', '{"choices":[{"delta":{"content":"B"}}],"id":"2"}'],
    ['{"id":"1","choices":[{"delta":{"content":"A"}}]}', '{"of":"choices","choices":[{"delta":{"content":"B"}}]}'],
    ['{"id":"1","choices":[{"delta":{"content":"A"}}]}', '{"of":{"choices":[]},"choices":[{"delta":{"content":"B"}}]}'],
    ['{"id":"1","choices":[{"delta":{"content":"A"}}]}', '{"of":["choices"],"choices":[{"delta":{"content":"B"}}]}'],
  ])('does not take the beginning of an event for that of another kind: %s, then %s', (before, now) => {
    const learned: Learned = {};
    const repeated = (json: string): Buffer => Buffer.from(`data: ${json}\n\n`.repeat(9));
    decode([repeated(before)], learned);
    expect(spelledParts(decode([repeated(now)], learned).parts)).toBe(plainly(Array<string>(9).fill(now)));
  });

  it.each([
    ['a raw control character in the text', { content: 'a\tb' }, 'x', (json: string) => json.replace('\\t', '\t')],
    ['an escape that is none in the text', { content: 'a\tb' }, 'x', (json: string) => json.replace('\\t', '\\x')],
    ['a raw control character in the padding', { content: 'a' }, 'x\ty', (json: string) => json.replace('\\t', '\t')],
    ['an escape that is none in the padding', { content: 'a' }, 'x\ty', (json: string) => json.replace('\\t', '\\x')],
  ])('refuses what JSON.parse refuses: %s', (_, delta, obfuscation, spoil) => {
    const good = `data: ${JSON.stringify(chunk({ content: 'ok' }, { obfuscation: 'abc' }))}\n\n`;
    const bad = `data: ${spoil(JSON.stringify(chunk(delta, { obfuscation })))}\n\n`;
    expect(() => decodeText(good + good + bad)).toThrow('something that cannot be read');
  });

  it('makes one part of the text of a read and keeps kinds apart and in order', () => {
    const deltas = [{ reasoning: 'a' }, { reasoning: 'b' }, { content: 'c' }, { content: 'd' }, { reasoning: 'e' }];
    expect(decodeText(events(deltas.map((delta) => chunk(delta))))).toEqual([
      { type: 'reasoning-delta', text: 'ab' },
      { type: 'text-delta', text: 'cd' },
      { type: 'reasoning-delta', text: 'e' },
    ]);
  });

  it('tells a refusal as text', () => {
    expect(decodeText(events([chunk({ refusal: 'I will ' }), chunk({ refusal: 'not.' })]))).toEqual([
      { type: 'text-delta', text: 'I will not.' },
    ]);
  });

  it('finds reasoning wherever servers put it, also beside text', () => {
    const summary = [{ type: 'summary_text', text: 'Six.' }];
    const lists = [{ content: [{ type: 'reasoning', summary }] }, { content: [{ type: 'text', text: '42' }] }];
    const thought = { type: 'reasoning-delta', text: 'Six.' };
    expect(decodeText(events(lists.map((delta) => chunk(delta))))).toEqual([
      thought,
      { type: 'text-delta', text: '42' },
    ]);
    const both = chunk({ reasoning_text: 'Six.', content: '42' });
    expect(decodeText(events([both, both])).slice(0, 4)).toEqual([
      thought,
      { type: 'text-delta', text: '42' },
      thought,
      { type: 'text-delta', text: '42' },
    ]);
  });

  it('puts usage, which comes after the finish reason, before the finish', () => {
    const last = { ...HEAD, choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
    const text = events([chunk({ content: 'hi' }), finish('stop'), last]) + 'data: [DONE]\n\n';
    expect(decodeText(text)).toEqual([
      { type: 'text-delta', text: 'hi' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
      { type: 'finish', reason: 'stop', raw: 'stop' },
    ]);
  });

  it.each([
    [
      'followed by zeros',
      [
        { prompt_tokens: 3, completion_tokens: 2 },
        { prompt_tokens: 0, completion_tokens: 0 },
      ],
    ],
    ['under other names', [{ input_tokens: 3, output_tokens: 2 }]],
  ])('counts usage %s', (_how, usages) => {
    const last = usages.map((usage) => ({ ...HEAD, choices: [], usage }));
    const parts = decodeText(events([chunk({ content: 'x' }), finish('stop'), ...last]) + 'data: [DONE]\n\n');
    expect(parts.filter(({ type }) => type === 'usage')).toEqual([{ type: 'usage', inputTokens: 3, outputTokens: 2 }]);
  });

  it('counts the last of several usages', () => {
    const used = (n: number): object => chunk({ content: 'x' }, { usage: { prompt_tokens: 1, completion_tokens: n } });
    const parts = decodeText(events([used(1), used(2)]) + 'data: [DONE]\n\n');
    expect(parts.filter(({ type }) => type === 'usage')).toEqual([{ type: 'usage', inputTokens: 1, outputTokens: 2 }]);
  });

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['eos', 'other'],
    ['constructor', 'other'],
  ])('maps the finish reason %s to %s', (raw, reason) => {
    expect(decodeText(events([finish(raw)]))).toEqual([{ type: 'finish', reason, raw }]);
  });

  it('finishes with tool_calls where a server says stop after a call', () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] });
    expect(decodeText(events([call, finish('stop')])).at(-1)).toEqual({
      type: 'finish',
      reason: 'tool_calls',
      raw: 'stop',
    });
  });

  it('takes [DONE] for the end although no reason was told, and nothing after it', () => {
    const text = events([chunk({ role: 'assistant' })]) + 'data: [DONE]\n\n' + events([chunk({ content: 'late' })]);
    expect(decode([Buffer.from(text)])).toEqual({
      parts: [{ type: 'finish', reason: 'stop', raw: undefined }],
      complete: true,
    });
  });

  it('is complete with a finish reason and without [DONE], and not complete without either', () => {
    expect(decode([Buffer.from(events([chunk({ content: 'a' }), finish('stop')]))]).complete).toBe(true);
    expect(decode([Buffer.from(events([chunk({ content: 'a' })]))]).complete).toBe(false);
    expect(decode([]).complete).toBe(false);
  });

  it.each([
    ['data: {"choices":[{"delta":{"content":"ha\n\n', 'something that cannot be read'],
    ['data: 7\n\n', 'something that cannot be read'],
    ['data: {"error":{"message":"broken sk-secret-123456"}}\n\n', 'The model provider failed.'],
    ['event: error\ndata: {"message":"broken"}\n\n', 'The model provider failed.'],
    ['event: error\ndata: engine dead\n\n', 'The model provider failed.'],
    ['data: {"error":{"message":"slow down","code":"rate_limit_exceeded"}}\n\n', 'asks to slow down'],
  ])('fails on %j, after the text before it', (bad, message) => {
    const decoder = new ChatDecoder(new Failures(['sk-secret-123456'], []));
    let failure: unknown;
    try {
      decoder.push(Buffer.from(events([chunk({ content: 'before' })]) + bad));
    } catch (error) {
      failure = error;
    }
    expect(AgentSocketError.isInstance(failure)).toBe(true);
    expect(String(failure)).toContain(message);
    expect(JSON.stringify((failure as Error).cause, ['message'])).not.toContain('sk-secret');
    expect(String((failure as Error).cause)).not.toContain('sk-secret');
    expect(decoder.take()).toEqual([{ type: 'text-delta', text: 'before' }]);
  });

  it("fails on Groq's word for a stream that it has stopped", () => {
    const groq = { id: 'req_1', error: 'Failed to generate the rest' };
    const text = events([chunk({ content: 'half' }), { ...finish('stop'), x_groq: groq }]);
    expect(() => decodeText(text)).toThrow('The model provider failed.');
  });

  it.each([
    'data: {"error":{"message":"usage service down","code":500}}',
    'event: error\ndata: {"message":"down"}',
    'event: error\ndata: down',
    'data: {"choices":[],"x_groq":{"error":"down"}}',
  ])('takes %j after the whole answer for its end', (bad) => {
    const text = `${events([chunk({ content: 'a' }), finish('stop')])}${bad}\n\n`;
    expect(decodeText(text).map(({ type }) => type)).toEqual(['text-delta', 'finish']);
    const early = `${events([pieceOf('a')])}${bad}\n\n`;
    expect(() => decodeText(early)).toThrow('The model provider failed.');
  });

  it.each<[string, boolean, readonly object[]]>([
    ['after a finish reason by itself', true, [chunk({ content: 'a' }), finish('stop')]],
    ['after usage', true, [pieceOf('a'), { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }]],
    ['in a stream whose pieces each have a finish reason', false, [pieceOf('a'), finish('stop')]],
    ['before anything is said', false, [finish('stop')]],
    ['in the middle', false, [chunk({ content: 'a' })]],
  ])('says %s whether nothing more can come: %s', (_, isOver, chunks) => {
    const decoder = new ChatDecoder(new Failures([], []));
    decoder.push(Buffer.from(events(chunks)));
    expect(decoder.isOver).toBe(isOver);
  });

  it.each(['data:  [DONE] ', 'data: "[DONE]"', 'data: DONE', 'data: [done]', 'data: data: [DONE]'])(
    'takes %j for the end',
    (mark) => {
      const text = `${events([chunk({ content: 'a' })])}${mark}\n\n${events([chunk({ content: 'late' })])}`;
      expect(decodeText(text).map(({ type }) => type)).toEqual(['text-delta', 'finish']);
    },
  );

  it.each([': OPENROUTER PROCESSING', 'ping', 'null', '  '])('takes %j for a sign of life', (words) => {
    const [begun, rest] = [chunk({ content: 'a' }), chunk({ content: 'b' })].map((one) => events([one]));
    const text = `data: ${words}\n\n${begun}event: ping\ndata: ${words}\n\n${rest}${events([finish('stop')])}`;
    expect(decodeText(text)).toEqual([
      { type: 'text-delta', text: 'ab' },
      { type: 'finish', reason: 'stop', raw: 'stop' },
    ]);
  });

  it('reads events whose field a gateway has named twice', () => {
    const text = events([chunk({ content: 'a' }), chunk({ content: 'b' }), chunk({ content: 'c' }), finish('stop')]);
    expect(decodeText(text.replaceAll('data: ', 'data: data: '))).toEqual(decodeText(text));
  });

  it('is whole although an event behind the finish reason is broken', () => {
    const text = `${events([chunk({ content: 'a' }), finish('stop')])}data: {"usage":{"prompt_tok\n\n`;
    expect(decodeText(text)).toEqual([
      { type: 'text-delta', text: 'a' },
      { type: 'finish', reason: 'stop', raw: 'stop' },
    ]);
  });

  it('survives chunks that are objects and nothing more', () => {
    const odd = [{}, { choices: null }, { choices: [null] }, { choices: [{}] }, { choices: [{ delta: 'x' }] }];
    const odder = [{ choices: [{ delta: { content: 7, tool_calls: [null, 3] } }] }, { usage: 'free', choices: {} }];
    expect(decodeText(events([...odd, ...odder]))).toEqual([]);
  });

  it('begins with text, reasoning or a call, and not with a chunk that says nothing', () => {
    const decoder = new ChatDecoder(new Failures([], []));
    decoder.push(Buffer.from(': still there\n\n' + events([chunk({ role: 'assistant', content: '' })])));
    expect([decoder.begun, decoder.isStream]).toEqual([false, true]);
    decoder.push(Buffer.from(events([chunk({ tool_calls: [{ index: 0, function: { name: 'f' } }] })])));
    expect(decoder.begun).toBe(true);
  });

  it('takes a stream without any answer for none', () => {
    expect(() => decodeText('data: {"choices":[]}\n\ndata: [DONE]\n\n')).toThrow('sent no answer');
    expect(() => decodeText('data: [DONE]\n\n')).toThrow('sent no answer');
  });
});
