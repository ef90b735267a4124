import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptableChat, type ChatReader } from '../../../src/agent/acceptable-chat.js';
import type { LlmAssistantMessage, LlmMessage } from '../../../src/agent/llm-provider.js';
import type { LlmOrigin } from '../../../src/store/llm-origin.js';
import type { LlmToolCall } from '../../../src/tool/llm-tool.js';
import { chatRequest } from '../../../src/providers/openai/chat-request.js';
import { refusal, refusedByAlternatingRoles, refusedByOpenAi, type ChatBody } from '../../helpers/chat-rules.js';
import { cases } from '../../helpers/schedules.js';

const reader: ChatReader = { vendor: 'openai', model: 'm' };
const own: LlmOrigin = { vendor: 'openai', model: 'm' };

const user = (content: string): LlmMessage => ({ role: 'user', content });
const assistant = (content: string, ...calls: LlmToolCall[]): LlmAssistantMessage => {
  return { role: 'assistant', content, ...(calls.length > 0 && { toolCalls: calls }), origin: own };
};
const call = (id: string, text = '{}', name = 't'): LlmToolCall => ({ id, name, arguments: text });
const result = (toolCallId: string, content: string): LlmMessage => {
  return { role: 'tool', toolCallId, toolName: 't', content };
};

/** The chat as the provider for OpenAI sends it. */
function sent(messages: readonly LlmMessage[]): ChatBody {
  const options = { model: 'm', temperature: undefined, extraBody: {} };
  const body = chatRequest({ messages, tools: [] }, options, { usage: true, reasoning: false });
  return body as unknown as ChatBody;
}

function rolesOf(messages: readonly LlmMessage[]): string {
  return messages.map(({ role }) => role).join(' ');
}

function callsOf(messages: readonly LlmMessage[]): LlmToolCall[] {
  return messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []));
}

/** Fields that the model itself sent, and has sent back to it. */
const SENT = ['extra_content', 'reasoning_details'];

describe('Of any chat', () => {
  const text = fc.oneof(fc.constantFrom('', ' \n', 'Hello', '\ud800', 'a\udc00b'), fc.string());
  const id = fc.oneof(fc.constantFrom('', 'a', 'b', 'call_0', 'functions.t:0', 'x'.repeat(41)), fc.string());
  const args = fc.oneof(
    fc.constantFrom('', 'null', '{}', '{"a":1}', '{"a":', '{}{}', '[1]', '"x"', '[['.repeat(500), '{"a":"\\ud800"}'),
    fc.json(),
  );
  const name = fc.oneof(fc.constantFrom('t', '', 'a b', 'x'.repeat(70), 'функция'), fc.string());
  const origin = fc.constantFrom<LlmOrigin | undefined>(
    undefined,
    own,
    { vendor: 'openai' },
    { vendor: 'x', model: 'm' },
    { vendor: 'openai', server: 'elsewhere.example', model: 'm' },
  );
  const providerData = fc.option(fc.dictionary(fc.constantFrom(...SENT), fc.jsonValue()), { nil: undefined });
  const toolCall: fc.Arbitrary<LlmToolCall> = fc.record({ id, name, arguments: args, providerData });
  const message: fc.Arbitrary<LlmMessage> = fc.oneof(
    fc.record({ role: fc.constant('system' as const), content: text }),
    fc.record({ role: fc.constant('user' as const), content: text }),
    fc.record({
      role: fc.constant('assistant' as const),
      content: text,
      reasoning: fc.option(text, { nil: undefined }),
      toolCalls: fc.array(toolCall, { maxLength: 4 }),
      origin,
      providerData,
    }),
    fc.record({ role: fc.constant('tool' as const), toolCallId: id, toolName: name, content: text }),
  );
  const chat = fc.array(message, { maxLength: 25 });

  it('it makes one that every server takes', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        expect(refusal(sent(acceptableChat(messages, reader)), SENT)).toBeUndefined();
      }),
      cases(1_000),
    );
  });

  it('it makes one without a field of another model', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        const other = acceptableChat(messages, { vendor: 'strict', model: 'm' });
        expect(refusal(sent(other))).toBeUndefined();
      }),
    );
  });

  it('what it makes is acceptable: made again it is the same', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        const once = acceptableChat(messages, reader);
        // The ids that it made stand on messages of others as well, which get new ones.
        const mine = once.map((one) => (one.role === 'assistant' ? { ...one, origin: own } : one));
        expect(acceptableChat(mine, reader)).toEqual(mine);
      }),
    );
  });

  it('the beginning stays the same while it grows by a question, so that servers find it in their caches', () => {
    fc.assert(
      fc.property(chat, chat, (before, after) => {
        const question = user('And then?');
        const short = acceptableChat([...before, question], reader);
        const long = acceptableChat([...before, question, assistant('So'), ...after.filter(isNext)], reader);
        expect(long.slice(0, short.length)).toEqual(short);
      }),
    );
  });

  it('what a provider wanted back stands only on messages of the same vendor and model', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        for (const one of acceptableChat(messages, reader)) {
          if (one.role !== 'assistant' || (one.origin?.vendor === own.vendor && one.origin.model === own.model))
            continue;
          expect(one.providerData).toBeUndefined();
          expect(callsOf([one]).map((made) => made.providerData)).toEqual(callsOf([one]).map(() => undefined));
        }
      }),
    );
  });

  it('changes nothing in the messages it is given', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        const before = structuredClone(messages);
        acceptableChat(messages, reader);
        expect(messages).toEqual(before);
      }),
    );
  });
});

/** Whether a message belongs where it stands: prompts come first, and a late result to its call. */
function isNext({ role }: LlmMessage): boolean {
  return role !== 'system' && role !== 'tool';
}

describe('A chat that is right', () => {
  it('stays as it is', () => {
    const messages: LlmMessage[] = [
      { role: 'system', content: 'Be kind' },
      user('q'),
      { ...assistant('Let me see', call('a', '{ "n": 1 }'), call('b')), reasoning: 'hm', providerData: { s: 1 } },
      result('a', '1'),
      result('b', '2'),
      assistant('Done'),
      user('And?'),
    ];
    expect(acceptableChat(messages, reader)).toEqual(messages);
  });

  it('keeps what the provider wants back with a call', () => {
    const signed: LlmToolCall = { ...call('a'), providerData: { signature: 'x' } };
    const chat = acceptableChat([user('q'), assistant('', signed), result('a', '1')], reader);
    expect(callsOf(chat)).toEqual([signed]);
    expect(
      callsOf(acceptableChat([user('q'), assistant('', signed), result('a', '1')], { vendor: 'x', model: 'm' })),
    ).toEqual([{ id: expect.stringMatching(/^[A-Za-z0-9]{9}$/) as string, name: 't', arguments: '{}' }]);
  });
});

describe('Roles', () => {
  it('are one system message, first, whatever stands between', () => {
    const chat = acceptableChat(
      [user('q'), { role: 'system', content: 'A' }, { role: 'system', content: 'B' }],
      reader,
    );
    expect(chat).toEqual([{ role: 'system', content: 'A\n\nB' }, user('q')]);
  });

  it('join questions that nobody answered, and their attachments', () => {
    const image = { type: 'image', mediaType: 'image/png', data: 'AA==' } as const;
    const chat = acceptableChat(
      [
        { role: 'user', content: 'One', attachments: [image] },
        assistant(' '),
        { role: 'user', content: 'Two', attachments: [image] },
      ],
      { ...reader, accepts: ['image'] },
    );
    expect(chat).toEqual([{ role: 'user', content: 'One\n\nTwo', attachments: [image, image] }]);
  });

  it('say in words what is attached to an earlier question and cannot be read', () => {
    const file = { type: 'file', mediaType: 'application/pdf', name: 'a.pdf', data: 'AA==' } as const;
    const chat = acceptableChat([{ role: 'user', content: 'Look', attachments: [file] }], {
      ...reader,
      accepts: ['image'],
    });
    expect(chat).toEqual([user('Look\n\n(Attached file, which cannot be shown here: a.pdf)')]);
  });

  it('join answers, with what they carry', () => {
    const chat = acceptableChat(
      [
        user('q'),
        { ...assistant('Half'), reasoning: 'x', providerData: { a: 1, b: 1 } },
        { ...assistant('Whole', call('a')), providerData: { b: 2 } },
        result('a', '1'),
      ],
      reader,
    );
    expect(chat[1]).toEqual({
      ...assistant('Half\n\nWhole', call('a')),
      reasoning: 'x',
      providerData: { a: 1, b: 2 },
    });
  });

  it('put an answer between a result and the next question, a question before an answer, and one after it', () => {
    const messages = [
      assistant('Hello'),
      user('q'),
      assistant('', call('a')),
      result('a', '1'),
      user('r'),
      assistant('!'),
    ];
    expect(rolesOf(acceptableChat(messages, reader))).toBe(
      'user assistant user assistant tool assistant user assistant user',
    );
    expect(rolesOf(acceptableChat([], reader))).toBe('user');
  });
});

describe('Calls', () => {
  it('without a result are told as cut off; results without a call go', () => {
    const chat = acceptableChat(
      [user('q'), result('z', '0'), assistant('', call('a'), call('b')), result('b', '2')],
      reader,
    );
    expect(chat.slice(2)).toEqual([
      result('a', '{"error":"The call was cut off; whether it took effect is unknown"}'),
      result('b', '2'),
    ]);
  });

  it('get their results right behind them, from wherever they stand, and only the first', () => {
    const chat = acceptableChat(
      [user('q'), assistant('', call('a')), user('r'), result('a', '1'), result('a', '2')],
      reader,
    );
    expect(rolesOf(chat)).toBe('user assistant tool assistant user');
    expect(chat[2]).toEqual(result('a', '1'));
  });

  it('that share an id have each their own result and id', () => {
    const chat = acceptableChat(
      [
        ...[user('q'), assistant('', call('0'), call('0')), result('0', 'A'), result('0', 'B')],
        ...[user('r'), assistant('', call('0')), result('0', 'C')],
      ],
      reader,
    );
    const ids = callsOf(chat).map(({ id }) => id);
    expect(ids[0]).toBe('0');
    expect(new Set(ids).size).toBe(3);
    const results = chat.flatMap((one) => (one.role === 'tool' ? [[one.toolCallId, one.content]] : []));
    expect(results).toEqual([
      [ids[0], 'A'],
      [ids[1], 'B'],
      [ids[2], 'C'],
    ]);
  });

  it.each<[string, string, string]>([
    ['none', '', '{}'],
    ['null', 'null', '{}'],
    ['cut off', '{"a":', '{}'],
    ['two objects', '{"a":1}{"b":2}', '{}'],
    ['a list', '[{}]', '{}'],
    ['a text', '"{}"', '{}'],
    ['too deep', `{"a":${'['.repeat(600)}${']'.repeat(600)}}`, '{}'],
    ['spaced', ' {"a" : 1}\n', ' {"a" : 1}\n'],
    ['half an emoji, escaped', '{"a":"\\ud83d!","b":"\\\\ud83d"}', '{"a":"\ufffd!","b":"\\\\ud83d"}'],
    ['an emoji, escaped', '{"a":"\\ud83d\\ude00"}', '{"a":"\u{1f600}"}'],
  ])('have arguments that are a JSON object: %s', (_what, given, expected) => {
    expect(callsOf(acceptableChat([user('q'), assistant('', call('a', given))], reader))[0]?.arguments).toBe(expected);
  });

  it.each([
    ['', 'unknown'],
    ['a b.c', 'a_b_c'],
    ['x'.repeat(70), 'x'.repeat(64)],
    ['__proto__', '__proto__'],
  ])('have a name that is one: %j', (given, expected) => {
    const chat = acceptableChat([user('q'), assistant('', call('a', '{}', given))], reader);
    expect([callsOf(chat)[0]?.name, chat[2]]).toMatchObject([expected, { toolName: expected }]);
  });
});

describe('The rules of servers, as the tests have them', () => {
  const base = { messages: [{ role: 'user', content: 'q' }] };
  const called = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'a', type: 'function', function: { name: 't', arguments: '{}' } }],
  };
  const told = { role: 'tool', tool_call_id: 'a', content: '1' };

  it('take what is right', () => {
    expect(refusal(base)).toBeUndefined();
    expect(refusal({ messages: [...base.messages, called, told] })).toBeUndefined();
  });

  it.each<[string, ChatBody['messages']]>([
    ['no messages', []],
    ['a call without its result', [...base.messages, called, ...base.messages]],
    ['a last call without its result', [...base.messages, called]],
    ['a result without its call', [...base.messages, told]],
    ['an id twice', [...base.messages, called, told, called, told]],
    ['an empty question', [{ role: 'user', content: ' ' }]],
  ])('refuse as OpenAI does: %s', (_what, messages) => {
    expect(refusedByOpenAi({ messages })).toBeDefined();
  });

  it.each<[string, ChatBody['messages']]>([
    ['two questions', [...base.messages, ...base.messages]],
    ['a question after a result', [...base.messages, called, told, ...base.messages]],
    ['an answer first', [{ role: 'assistant', content: 'x' }, ...base.messages]],
    ['an answer last', [...base.messages, { role: 'assistant', content: 'x' }]],
    ['half a character', [{ role: 'user', content: '\ud800' }]],
  ])('refuse as models with strict roles do: %s', (_what, messages) => {
    expect(refusedByAlternatingRoles({ messages })).toBeDefined();
  });

  it('refuse fields that nobody sent', () => {
    const messages = [...base.messages, { ...called, reasoning_content: 'x' }, told];
    expect(refusal({ messages })).toContain('reasoning_content');
    expect(refusal({ messages }, ['reasoning_content'])).toBeUndefined();
  });
});
