import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../../../src/providers/openai/chat-request.js';

const PLAIN = { usage: false, reasoning: false };
const WITH_USAGE = { usage: true, reasoning: false };
const options = { model: 'm', temperature: undefined, extraBody: {} };

describe('chatRequest', () => {
  it('maps every kind of message, and tools', () => {
    const body = chatRequest(
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'What is 1 + 1?' },
          { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'calculator', arguments: '{"e":1}' }] },
          { role: 'tool', toolCallId: 'c1', toolName: 'calculator', content: '2' },
          { role: 'assistant', content: 'It is 2.' },
          { role: 'assistant', content: 'Wait.', toolCalls: [{ id: 'c2', name: 'clock', arguments: '{}' }] },
        ],
        tools: [{ name: 'calculator', description: 'Calculates.', parameters: { type: 'object' } }],
      },
      options,
      WITH_USAGE,
    );
    expect(body).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is 1 + 1?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'calculator', arguments: '{"e":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '2' },
        { role: 'assistant', content: 'It is 2.' },
        {
          role: 'assistant',
          content: 'Wait.',
          tool_calls: [{ id: 'c2', type: 'function', function: { name: 'clock', arguments: '{}' } }],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'calculator', description: 'Calculates.', parameters: { type: 'object', properties: {} } },
        },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('leaves out what is not set: tools, temperature, usage', () => {
    expect(chatRequest({ messages: [], tools: [] }, options, PLAIN)).toEqual({
      model: 'm',
      messages: [],
      stream: true,
    });
  });

  it("lets a request choose model and temperature over the provider's, 0 included", () => {
    const own = { ...options, temperature: 1 };
    expect(chatRequest({ messages: [], tools: [] }, own, PLAIN)).toMatchObject({ temperature: 1 });
    expect(chatRequest({ messages: [], tools: [], model: 'other', temperature: 0 }, own, PLAIN)).toMatchObject({
      model: 'other',
      temperature: 0,
    });
  });

  it('sends images and files as parts beside the text, and text as text', () => {
    const data = Buffer.from('käse').toString('base64');
    const attachments = [
      { type: 'image', mediaType: 'image/png', data: 'aGk=' },
      { type: 'image', mediaType: 'image/webp', url: 'https://example.com/a.webp' },
      { type: 'file', mediaType: 'application/pdf', name: 'a.pdf', data: 'aGk=' },
      { type: 'file', mediaType: 'application/pdf', url: 'https://example.com/b.pdf' },
      { type: 'file', mediaType: 'text/plain', name: 'notes.txt', data },
      { type: 'file', mediaType: 'text/csv', data },
    ] as const;
    const asked = (content: string) =>
      chatRequest({ messages: [{ role: 'user', content, attachments }], tools: [] }, options, PLAIN)['messages'];
    const parts = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.webp' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
      { type: 'text', text: 'https://example.com/b.pdf' },
      { type: 'text', text: 'notes.txt:\nkäse' },
      { type: 'text', text: 'käse' },
    ];
    expect(asked('Look')).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Look' }, ...parts] }]);
    expect(asked('')).toEqual([{ role: 'user', content: parts }]);
    const none = chatRequest(
      { messages: [{ role: 'user', content: 'Hi', attachments: [] }], tools: [] },
      options,
      PLAIN,
    );
    expect(none['messages']).toEqual([{ role: 'user', content: 'Hi' }]);
  });

  it('adds further fields, which cannot replace its own', () => {
    const extraBody = { reasoning_effort: 'low', stream: false, model: 'x' };
    expect(chatRequest({ messages: [], tools: [] }, { ...options, extraBody }, PLAIN)).toEqual({
      reasoning_effort: 'low',
      model: 'm',
      messages: [],
      stream: true,
    });
  });
});
