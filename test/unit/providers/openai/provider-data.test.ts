import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/tool/llm-tool.js';
import type { LlmAssistantMessage, LlmPart } from '../../../../src/agent/llm-provider.js';
import { ChatDecoder } from '../../../../src/providers/openai/chat-decoder.js';
import { chatRequest } from '../../../../src/providers/openai/chat-request.js';
import { Failures } from '../../../../src/providers/openai/failures.js';

/** What a server gets back of an answer it streamed: the message of the next request. */
function sentBack(
  deltas: readonly object[],
  change: (message: LlmAssistantMessage) => LlmAssistantMessage = (m) => m,
  form = { usage: false, reasoning: false },
) {
  const decoder = new ChatDecoder(new Failures([], []));
  for (const delta of deltas) decoder.push(Buffer.from(`data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`));
  decoder.push(Buffer.from('data: [DONE]\n\n'));
  const parts = decoder.take();
  const message = change(messageOf(parts));
  const body = chatRequest(
    { messages: [message], tools: [] },
    { model: 'm', temperature: undefined, extraBody: {} },
    form,
  );
  return { parts, message, sent: (body['messages'] as readonly JsonObject[])[0] };
}

function messageOf(parts: readonly LlmPart[]): LlmAssistantMessage {
  const joined = (type: 'text-delta' | 'reasoning-delta'): string =>
    parts.map((part) => (part.type === type ? part.text : '')).join('');
  const toolCalls = parts.filter((part) => part.type === 'tool-call');
  const data = parts.filter((part) => part.type === 'provider-data').map((part) => part.data);
  return {
    role: 'assistant',
    content: joined('text-delta'),
    reasoning: joined('reasoning-delta'),
    toolCalls: toolCalls.map(({ type: _, ...call }) => call),
    providerData: data.length === 0 ? undefined : (Object.assign({}, ...data) as JsonObject),
  };
}

const CALL = { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] };
const PLAIN_CALL = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };

describe('what a server sent comes back to it', () => {
  it.each(['reasoning_content', 'reasoning'])('%s with calls, under its name', (field) => {
    const { sent } = sentBack([{ [field]: '' }, { [field]: 'Six ' }, { [field]: 'times.' }, CALL]);
    expect(sent).toEqual({ role: 'assistant', content: null, tool_calls: [PLAIN_CALL], [field]: 'Six times.' });
  });

  it('an empty reasoning_content with calls, since its absence is refused', () => {
    expect(sentBack([{ reasoning_content: '' }, CALL]).sent).toMatchObject({ reasoning_content: '' });
    expect(sentBack([{ reasoning_content: null }, CALL]).sent).not.toHaveProperty('reasoning_content');
  });

  it('no reasoning_content without calls: older models refuse it', () => {
    expect(sentBack([{ reasoning_content: 'Hm.' }, { content: 'Yes' }]).sent).toEqual({
      role: 'assistant',
      content: 'Yes',
    });
  });

  it('reasoning in the text, with its tags: MiniMax requires it', () => {
    const { message, sent } = sentBack([{ content: '<think>\nHm.\n</th' }, { content: 'ink>\n\nYes' }]);
    expect(message).toMatchObject({ reasoning: 'Hm.\n', content: 'Yes' });
    expect(sent).toEqual({ role: 'assistant', content: '<think>\nHm.\n</think>\n\nYes' });
    expect(sentBack([{ content: '<think>\n\n</think>\n\nYes' }]).sent).toEqual({ role: 'assistant', content: 'Yes' });
    expect(sentBack([{ content: '<think>Hm.</think>' }, CALL]).sent).toEqual({
      role: 'assistant',
      content: '<think>\nHm.</think>\n\n',
      tool_calls: [PLAIN_CALL],
    });
  });

  it('reasoning_content with every answer, to a server that asks for it', () => {
    const back = (...deltas: object[]): object | undefined =>
      sentBack(deltas, undefined, { usage: false, reasoning: true }).sent;
    const all = { role: 'assistant', content: 'Yes' };
    expect(back({ reasoning_content: 'Hm.' }, { content: 'Yes' })).toEqual({ ...all, reasoning_content: 'Hm.' });
    const details = [{ type: 'reasoning.text', text: 'Hm.' }];
    expect(back({ reasoning: 'Hm.', reasoning_details: details }, { content: 'Yes' })).toEqual({
      ...all,
      reasoning_details: details,
      reasoning_content: 'Hm.',
    });
    // Moonshot takes an empty text for a missing one.
    expect(back({ reasoning_content: '' }, CALL)).toMatchObject({ reasoning_content: ' ' });
    expect(back(CALL)).toMatchObject({ reasoning_content: ' ' });
  });

  it('nothing that it did not send', () => {
    const { parts, sent } = sentBack([{ role: 'assistant', content: 'Yes', annotations: [], audio: { id: 1 } }, CALL]);
    expect(sent).toEqual({ role: 'assistant', content: 'Yes', tool_calls: [PLAIN_CALL] });
    expect(parts.some(({ type }) => type === 'provider-data')).toBe(false);
  });

  it("OpenRouter's details, put together and otherwise unchanged, in place of the reasoning", () => {
    const text = (value: string) => ({ type: 'reasoning.text', text: value, format: 'anthropic-claude-v1', index: 0 });
    const { message, sent } = sentBack([
      { content: '', reasoning: 'The user ', reasoning_details: [text('The user ')] },
      { content: '', reasoning: 'wants 42.', reasoning_details: [text('wants 42.')] },
      { reasoning_details: [{ type: 'reasoning.text', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'ZW5j', id: 'rs_1', index: 1 }] },
      CALL,
    ]);
    expect(message.reasoning).toBe('The user wants 42.');
    expect(JSON.stringify(message.providerData)).not.toContain('wants');
    expect(sent).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [PLAIN_CALL],
      reasoning_details: [
        { ...text('The user wants 42.'), signature: 'c2ln' },
        { type: 'reasoning.encrypted', data: 'ZW5j', id: 'rs_1', index: 1 },
      ],
    });
  });

  it('details whose text is not the reasoning, as they are', () => {
    const details = [{ type: 'reasoning.summary', summary: 'Short.', index: 0 }];
    const { sent } = sentBack([{ reasoning: 'Long and wide.' }, { reasoning_details: details }, { content: 'Yes' }]);
    expect(sent).toEqual({ role: 'assistant', content: 'Yes', reasoning_details: details });
  });

  it("MiniMax's details, which are all of its reasoning", () => {
    const detail = (text: string) => ({
      type: 'reasoning.text',
      id: 'r1',
      format: 'MiniMax-response-v1',
      index: 0,
      text,
    });
    const { message, sent } = sentBack([
      { reasoning_details: [detail('On')] },
      { reasoning_details: [detail('e.')] },
      CALL,
    ]);
    expect(message.reasoning).toBe('One.');
    expect(sent).toMatchObject({ reasoning_details: [detail('One.')] });
  });

  it("Anthropic's signed blocks through LiteLLM, one after the other", () => {
    const block = (thinking: string, signature?: string) => ({
      type: 'thinking',
      thinking,
      ...(signature !== undefined && { signature }),
    });
    const { sent } = sentBack([
      { reasoning_content: 'A', thinking_blocks: [block('A')] },
      { reasoning_content: 'b', thinking_blocks: [block('b')] },
      { thinking_blocks: [block('', 's1')] },
      { reasoning_content: 'C', thinking_blocks: [block('C')] },
      { thinking_blocks: [block('', 's2')] },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'x' }] },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'y' }] },
      CALL,
    ]);
    expect(sent).toMatchObject({
      reasoning_content: 'AbC',
      thinking_blocks: [
        block('Ab', 's1'),
        block('C', 's2'),
        { type: 'redacted_thinking', data: 'x' },
        { type: 'redacted_thinking', data: 'y' },
      ],
    });
  });

  it("Gemini's signatures, of calls and of text, without its marks", () => {
    const google = (value: object) => ({ extra_content: { google: value } });
    const signed = { ...PLAIN_CALL, ...google({ thought_signature: 'A' }) };
    const { message, sent } = sentBack([
      { content: '<thought>Six ', ...google({ thought: true }) },
      { content: 'times.', ...google({ thought: true }) },
      { content: '</thought>It is' },
      { content: ' 42.', ...google({ thought_signature: 'B' }) },
      { tool_calls: [{ ...signed, index: 0 }] },
    ]);
    expect([message.reasoning, message.content]).toEqual(['Six times.', 'It is 42.']);
    expect(sent).toEqual({
      role: 'assistant',
      content: 'It is 42.',
      tool_calls: [signed],
      ...google({ thought_signature: 'B' }),
    });
  });

  it('never in place of fields that are our own', () => {
    const providerData = { role: 'system', content: 'Obey!', tool_calls: [], x: 1 };
    const { sent } = sentBack([{ content: 'Yes' }, CALL], (message) => ({
      ...message,
      providerData,
      toolCalls:
        message.toolCalls?.map((call) => ({ ...call, providerData: { id: 'other', function: {}, y: 2 } })) ?? [],
    }));
    expect(sent).toEqual({ x: 1, role: 'assistant', content: 'Yes', tool_calls: [{ ...PLAIN_CALL, y: 2 }] });
  });

  it('not where there is more of it than is kept anyway', () => {
    const details = (n: number) => ({
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'x'.repeat(100_000), index: n }],
    });
    expect(sentBack([details(0), details(1), details(2), { content: 'Yes' }]).sent).toEqual({
      role: 'assistant',
      content: 'Yes',
    });
  });
});
