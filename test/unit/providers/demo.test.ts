import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../src/agent/estimate-tokens.js';
import type { LlmMessage, LlmPart } from '../../../src/agent/llm-provider.js';
import type { LlmTool } from '../../../src/tool/llm-tool.js';
import { ToolRegistry } from '../../../src/tool/tool-registry.js';
import { OptionError } from '../../../src/runtime/option-error.js';
import { createDemoProvider } from '../../../src/providers/demo.js';
import { calculator } from '../../../src/tools/calculator.js';
import { currentTime } from '../../../src/tools/current-time.js';
import { askedBy } from '../../helpers/asker.js';

const tool = (name: string): LlmTool => ({ name, description: name, parameters: { type: 'object' } });
const TOOLS = [tool('calculator'), tool('current_time')];
const user = (content: string): LlmMessage => ({ role: 'user', content });

async function ask(question: string | readonly LlmMessage[], tools: readonly LlmTool[] = []): Promise<LlmPart[]> {
  const messages = typeof question === 'string' ? [user(question)] : question;
  const stream = createDemoProvider({ tokensPerSecond: 0 }).stream({ messages, tools }, askedBy(never()));
  const parts: LlmPart[] = [];
  for await (const part of stream) parts.push(...[part].flat());
  return parts;
}

function textOf(parts: readonly LlmPart[]): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
}

function callsOf(parts: readonly LlmPart[]): { name: string; params: unknown; id: string }[] {
  return parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ name: part.name, params: JSON.parse(part.arguments) as unknown, id: part.id }] : [],
  );
}

function never(): AbortSignal {
  return new AbortController().signal;
}

describe('createDemoProvider', () => {
  it('says who it is', () => {
    expect(createDemoProvider()).toMatchObject({ vendor: 'demo', model: 'demo-1' });
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s tokens per second', (tokensPerSecond) => {
    expect(() => createDemoProvider({ tokensPerSecond })).toThrow(OptionError);
  });

  it('gives the same answer in the same pieces every time', async () => {
    const first = await ask('Tell me a long story');
    expect(await ask('Tell me a long story')).toEqual(first);
    expect(first.length).toBeGreaterThan(400);
  });

  it('ends with usage and finish', async () => {
    const parts = await ask('hello there');
    expect(parts.slice(-2)).toEqual([
      { type: 'usage', inputTokens: 3, outputTokens: estimateTokens(textOf(parts)), estimated: true },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('counts tokens as the rest of the server does: by bytes, message by message', async () => {
    const usage = (await ask([user('今天天气很好'), user('a')])).find(({ type }) => type === 'usage');
    expect(usage).toMatchObject({ inputTokens: 6 });
    const [call, called] = await ask('1 + 1', TOOLS);
    expect(call).toMatchObject({ name: 'calculator', arguments: '{"expression":"1 + 1"}' });
    expect(called).toMatchObject({ type: 'usage', outputTokens: 8 });
  });

  it('answers a chat without any question', async () => {
    expect(textOf(await ask([{ role: 'system', content: 'Be kind' }]))).toContain('built-in demo');
  });

  describe('language', () => {
    it.each([
      ['Hello', 'Hello'],
      ['你好', '你好'],
      ['What does 你好 mean in the list of greetings?', 'A little of everything'],
      ['用 Markdown 写一个列表', '各种格式'],
      ['これは何ですか日本語', 'You asked'],
      ['¿Qué puedes hacer?', 'You asked'],
    ])('of the question: %s', async (question, expected) => {
      expect(textOf(await ask(question))).toContain(expected);
    });

    it('of the newest question that shows one', async () => {
      expect(textOf(await ask([user('你好'), user('Hello')]))).toContain('Hello');
    });

    it('of an earlier question where the newest shows none', async () => {
      const chat = [user('你好'), { role: 'assistant', content: '你好' } as const, user('3 + 4')];
      expect(textOf(await ask(chat))).toContain('我本来会调用工具');
    });
  });

  describe('topics', () => {
    it.each([
      ['Hello!', 'welcome to **agent-ws**'],
      ['hi, how do I cancel an answer?', '"type": "cancel"'],
      ['What can you do?', 'demo provider'],
      ['Who are you?', 'demo provider'],
      ['How do I use a real model?', 'OPENAI_API_KEY'],
      ['How do I connect a client?', 'new WebSocket'],
      ['How do I embed the server in my app?', 'createAgentSocketServer'],
      ['Which tools are there?', 'defineTool'],
      ['Show me a markdown example with code', '```js'],
      ['Tell me a long story', 'lighthouse'],
      ['Thank you', 'You are welcome'],
      ['What is the meaning of life', 'beyond me'],
      ['你能做什么？', '流式输出'],
      ['怎么使用真实模型？', 'OPENAI_API_KEY'],
      ['怎样连接客户端？', 'new WebSocket'],
      ['怎么取消回答', '"type": "cancel"'],
      ['如何嵌入服务器', 'createAgentSocketServer'],
      ['有哪些工具', 'defineTool'],
      ['展示 Markdown 格式', '```js'],
      ['讲一个长故事', '灯塔'],
      ['谢谢', '不客气'],
      ['宇宙的意义', '答不上来'],
    ])('%s', async (question, expected) => {
      expect(textOf(await ask(question, TOOLS))).toContain(expected);
    });

    it('remembers the question before', async () => {
      const chat = [user('Hello'), { role: 'assistant', content: 'Hello' } as const, user('What did I just say?')];
      expect(textOf(await ask(chat))).toContain('“Hello”');
      expect(textOf(await ask('What did I just say?'))).toContain('first question');
    });

    it('quotes the beginning of a long question and does not split a character', async () => {
      expect(textOf(await ask('😀'.repeat(100_000)))).toContain(`“${'😀'.repeat(80)}…”`);
    });
  });

  describe('tools', () => {
    it.each([
      ['what is 123 + 456?', '123 + 456'],
      ['(3+4)*5 等于多少', '(3+4)*5'],
      ['3+4', '3+4'],
      ['12 × 3 = ?', '12 * 3'],
      ['（１＋２）×３ 是多少', '(1+2)*3'],
      ['5 plus 6 times 7', '5 + 6 * 7'],
      ['12 除以 4 等于多少', '12 / 4'],
      ['What is 15% of 200?', '15 / 100 * 200'],
      ['calculate 1,000 - 1', '1000 - 1'],
      ['what is 5²+1', '5^2+1'],
      ['what is the square root of 16', 'sqrt(16)'],
      ['what is (sqrt(16) + 2)?', '(sqrt(16) + 2)'],
      ['please (compute 2*-3)', '2*-3'],
    ])('calls the calculator: %s', async (question, expression) => {
      const parts = await ask(question, TOOLS);
      expect(callsOf(parts)).toMatchObject([{ name: 'calculator', params: { expression } }]);
      expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'tool_calls' });
      expect(textOf(parts)).toBe('');
    });

    it.each([
      'what is 42?',
      'what is v1.2-3 about',
      'what is 3+4x',
      'what happened on 2026-11-22?',
      'is the support open 24/7 where you are',
      'what about 10:30-11:00',
      'what is (((',
      'what is 1 2 + + 3',
      'what is - - -',
    ])('sees no sum in: %s', async (question) => {
      expect(callsOf(await ask(question, TOOLS))).toEqual([]);
    });

    it('calls several tools at once, each with its own id', async () => {
      const calls = callsOf(await ask('what is 1+1 and what is 2+2, and what time is it in Tokyo?', TOOLS));
      expect(calls.map(({ name, params }) => ({ name, params }))).toEqual([
        { name: 'calculator', params: { expression: '1+1' } },
        { name: 'calculator', params: { expression: '2+2' } },
        { name: 'current_time', params: { time_zone: 'Asia/Tokyo' } },
      ]);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    });

    it.each(['What time is it?', "what's the date today", '现在几点了', '今天星期几'])(
      'calls the clock: %s',
      async (question) => {
        expect(callsOf(await ask(question, TOOLS))).toMatchObject([{ name: 'current_time', params: {} }]);
      },
    );

    it('says what it would do where the tool is not offered', async () => {
      expect(textOf(await ask('what is 1+1?', [tool('current_time')]))).toContain('`{"expression":"1+1"}`');
      expect(textOf(await ask('现在几点', [tool('calculator')]))).toContain('`current_time`');
    });

    it('does not hang on a question made to be slow to read', async () => {
      const started = performance.now();
      await ask(`what is ${'('.repeat(500_000)}${'1 + '.repeat(100_000)}x`, TOOLS);
      // Tries that grow with the square of it would take minutes.
      expect(performance.now() - started).toBeLessThan(20_000);
    });

    it('asks in the words of the tools in the box', async () => {
      const registry = new ToolRegistry([calculator, currentTime]);
      const calls = callsOf(await ask('what is (3+4)*5 and sqrt(16)? what time is it in London?', registry.describe()));
      expect(calls).toHaveLength(3);
      for (const { name, params } of calls) {
        const tool = registry.get(name);
        expect(await tool?.params['~standard'].validate(params)).toEqual({ value: params });
      }
    });

    async function results(question: string, content: string): Promise<string> {
      const asked = [user(question)];
      const toolCalls = (await ask(asked, TOOLS)).filter((part) => part.type === 'tool-call');
      const answers = toolCalls.map(({ id, name }): LlmMessage => ({
        role: 'tool',
        toolCallId: id,
        toolName: name,
        content,
      }));
      const parts = await ask([...asked, { role: 'assistant', content: '', toolCalls }, ...answers], TOOLS);
      expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
      return textOf(parts);
    }

    it('puts results into words', async () => {
      expect(await results('what is 123 + 456?', '579')).toBe('The calculator says: `123 + 456` = **579**');
      expect(await results('123 + 456 等于多少', '579')).toBe('计算器的结果：`123 + 456` = **579**');
      const moment = JSON.stringify({ time: '2026-11-22T17:05:09+08:00', unix_seconds: 1, time_zone: 'Asia/Shanghai' });
      expect(await results('what time is it?', moment)).toBe('It is **17:05** on Sunday, 2026-11-22 (Asia/Shanghai).');
      expect(await results('现在几点', moment)).toBe('现在是 2026-11-22，星期日，**17:05**（Asia/Shanghai）。');
      expect(await results('what time is it?', '"noon"')).toBe('The tool `current_time` answered: noon');
      expect(await results('what is 1+1 and what is 2+2?', '4')).toBe(
        'The calculator says: `1+1` = **4**\n\nThe calculator says: `2+2` = **4**',
      );
    });

    it('says when a tool failed', async () => {
      expect(await results('what is 1/0?', '{"error":"Division by zero"}')).toContain(
        'could not help: Division by zero',
      );
    });

    it('answers only from the results of the newest question', async () => {
      const chat: LlmMessage[] = [
        user('what is 1+1?'),
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'a', name: 'calculator', arguments: '{"expression":"1+1"}' }],
        },
        { role: 'tool', toolCallId: 'a', toolName: 'calculator', content: '2' },
        { role: 'assistant', content: '2' },
        user('what is 2+2?'),
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'b', name: 'calculator', arguments: '{"expression":"2+2"}' }],
        },
        { role: 'tool', toolCallId: 'b', toolName: 'calculator', content: '4' },
      ];
      expect(textOf(await ask(chat, TOOLS))).toBe('The calculator says: `2+2` = **4**');
    });

    it('repeats what a tool it does not know said', async () => {
      const chat: LlmMessage[] = [
        user('hello'),
        { role: 'tool', toolCallId: 'x', toolName: 'weather', content: 'sunny' },
      ];
      expect(textOf(await ask(chat))).toBe('The tool `weather` answered: sunny');
    });
  });

  describe('pace', () => {
    it('takes the time its tokens need, the first at once', async () => {
      const stream = createDemoProvider({ tokensPerSecond: 100 }).stream(
        { messages: [user('thanks')], tools: [] },
        askedBy(never()),
      );
      const times: number[] = [];
      const started = performance.now();
      for await (const part of stream)
        if (!('length' in part) && part.type === 'text-delta') times.push(performance.now() - started);
      // Timers are never early by more than the millisecond they count in.
      expect(times.at(-1)).toBeGreaterThan((times.length - 1) * 10 - 2);
      expect(times.length).toBeGreaterThan(10);
    });

    it('does not start where the signal is aborted already', async () => {
      const stream = createDemoProvider().stream(
        { messages: [user('hello')], tools: [] },
        askedBy(AbortSignal.abort(new Error('gone'))),
      );
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
    });

    it('does not call a tool after an abort', async () => {
      const stream = createDemoProvider().stream(
        { messages: [user('1+1')], tools: TOOLS },
        askedBy(AbortSignal.abort(new Error('gone'))),
      );
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
    });

    it('stops at once while it waits for the next token, and leaves no timer or listener', async () => {
      const controller = new AbortController();
      const stream = createDemoProvider({ tokensPerSecond: 0.001 }).stream(
        { messages: [user('hello')], tools: [] },
        askedBy(controller.signal),
      );
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      const waiting = iterator.next();
      await new Promise(setImmediate);
      expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before + 1);
      controller.abort(new Error('cancelled'));
      await expect(waiting).rejects.toThrow('cancelled');
      expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    it('stops without delay between tokens, before usage and finish', async () => {
      const controller = new AbortController();
      const parts: LlmPart[] = [];
      const reading = (async () => {
        const stream = createDemoProvider({ tokensPerSecond: 0 }).stream(
          { messages: [user('thanks')], tools: [] },
          askedBy(controller.signal),
        );
        for await (const part of stream) {
          parts.push(...[part].flat());
          if (parts.length === 3) controller.abort(new Error('cancelled'));
        }
      })();
      await expect(reading).rejects.toThrow('cancelled');
      expect(parts).toHaveLength(3);
    });

    it('does not look complete when aborted after the last token', async () => {
      const whole = (await ask('thanks')).filter(({ type }) => type === 'text-delta').length;
      const controller = new AbortController();
      const stream = createDemoProvider({ tokensPerSecond: 0 }).stream(
        { messages: [user('thanks')], tools: [] },
        askedBy(controller.signal),
      );
      const iterator = stream[Symbol.asyncIterator]();
      for (let index = 0; index < whole; index++) expect((await iterator.next()).done).toBe(false);
      controller.abort(new Error('cancelled'));
      await expect(iterator.next()).rejects.toThrow('cancelled');
    });

    it('ends where the reader stops early', async () => {
      const controller = new AbortController();
      const stream = createDemoProvider({ tokensPerSecond: 0.001 }).stream(
        { messages: [user('hello')], tools: [] },
        askedBy(controller.signal),
      );
      for await (const _ of stream) break;
      expect(await stream[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });
  });

  it('cuts Chinese at words, and keeps every character', async () => {
    const pieces = (await ask('讲一个长故事')).flatMap((part) => (part.type === 'text-delta' ? [part.text] : []));
    expect(pieces.length).toBeGreaterThan(300);
    expect(pieces.every((piece) => Array.from(piece).length < 20)).toBe(true);
    expect(pieces.join('')).toMatch(/^## 会回答的灯塔[^]*不需要取消。\*$/);
  });
});
