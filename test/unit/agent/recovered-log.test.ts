import { describe, expect, it } from 'vitest';
import type { LlmAssistantMessage } from '../../../src/agent/llm-provider.js';
import { encodeMessage } from '../../../src/protocol/encode.js';
import { cutOff, draftLine, readDraft, readRecoveredLog, toolAnswer } from '../../../src/agent/recovered-log.js';
import type { RunLog, WireEntry } from '../../../src/log/run-log.js';
import type { RunMessage } from '../../../src/log/run-message.js';

const RUN_ID = '00000000-0000-4000-8000-000000000000';

/** A log that gives one message at a time. */
function logOf(...messages: RunMessage[]): RunLog {
  const entries = messages.map((message, index): WireEntry => {
    const seq = index + 1;
    const encoded = encodeMessage(message, { timestamp: 1, run_id: RUN_ID, seq });
    return { type: message.type, firstSeq: seq, seq, timestamp: 1, encoded };
  });
  return {
    published: entries.length,
    head: entries.length,
    bytes: 0,
    append: () => undefined,
    read: (after) => entries.slice(after, after + 1),
    onPublished: () => () => undefined,
  };
}

const start: RunMessage = { type: 'stream_start', vendor: 'v', model: 'm' };
const thought = (content: string): RunMessage => ({ type: 'stream_reasoning', content });
const said = (content: string): RunMessage => ({ type: 'stream_chunk', content });
const called = (id: string): RunMessage => {
  return { type: 'stream_tool_call', tool_call_id: id, tool_name: 't', params: { id } };
};
const answered = (id: string): RunMessage => {
  return { type: 'stream_tool_result', tool_call_id: id, tool_name: 't', result: id };
};
const origin = { vendor: 'v', model: 'm' };

describe('What the log of an interrupted run says', () => {
  it('holds each step with what was thought in it, and who thought it', async () => {
    const log = logOf(
      ...[start, thought('Hm. '), said('Let me '), thought('So.'), said('see.'), called('a'), called('b')],
      ...[answered('a'), answered('b'), thought('Then.'), called('c')],
    );
    const { messages, answer, openCalls } = await readRecoveredLog(log);
    expect(messages.filter(({ role }) => role === 'assistant')).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        reasoning: 'Hm. So.',
        toolCalls: ['a', 'b'].map((id) => ({ id, name: 't', arguments: `{"id":"${id}"}` })),
        origin,
      },
      {
        role: 'assistant',
        content: '',
        reasoning: 'Then.',
        toolCalls: [{ id: 'c', name: 't', arguments: '{"id":"c"}' }],
        origin,
      },
    ]);
    expect(openCalls.map(({ toolCallId }) => toolCallId)).toEqual(['c']);
    expect(answer).toBeUndefined();
  });

  it('ends with what there is of the answer, be it thoughts alone', async () => {
    const whole = await readRecoveredLog(logOf(start, called('a'), answered('a'), thought('Hm.'), said('It i')));
    expect(whole.answer).toEqual({ role: 'assistant', content: 'It i', reasoning: 'Hm.', origin });
    const thoughts = await readRecoveredLog(logOf(start, thought('Hm.')));
    expect(thoughts.answer).toEqual({ role: 'assistant', content: '', reasoning: 'Hm.', origin });
    expect(thoughts.text).toBe('');
  });

  it('keeps what tools reported and why they failed, also of calls that are open', async () => {
    const reports = (id: string, data: unknown): RunMessage => {
      return { type: 'stream_data', tool_call_id: id, tool_name: 't', data };
    };
    const failed: RunMessage = {
      type: 'stream_tool_result',
      tool_call_id: 'a',
      tool_name: 't',
      error: { code: 'tool_failed', error: 'No' },
    };
    const { messages, openCalls } = await readRecoveredLog(
      logOf(start, called('a'), called('b'), reports('a', 1), reports('b', 2), reports('a', 3), failed),
    );
    expect(messages[1]).toEqual({
      role: 'tool',
      toolCallId: 'a',
      toolName: 't',
      content: '{"error":"No"}',
      error: { code: 'tool_failed', message: 'No' },
      data: [1, 3],
    });
    const [open] = openCalls;
    if (open === undefined) throw new Error('No call is open');
    expect(toolAnswer(open, cutOff(open, true))).toMatchObject({
      toolCallId: 'b',
      data: [2],
      error: { code: 'outcome_unknown' },
    });
  });

  it('takes the text of an answer in one piece from its draft, step by step', async () => {
    const draft = readDraft(draftLine(1, 'Let me ') + draftLine(1, 'see.') + draftLine(2, 'It i'));
    const { messages, answer } = await readRecoveredLog(
      logOf({ type: 'status', status: 'processing' }, called('a'), answered('a')),
      draft,
    );
    expect(messages[0]).toMatchObject({ role: 'assistant', content: 'Let me see.' });
    expect(answer).toEqual({ role: 'assistant', content: 'It i' });
  });

  it.each(['streaming_query', 'agent_query'])('takes calls of a %s as the model made them', async (kind) => {
    const toolCalls = ['a', 'b', 'c'].map((id) => {
      return { id, name: 't', arguments: ` {"id": "${id}"}`, providerData: { signature: id } };
    });
    const providerData = { reasoning_field: 'reasoning' };
    const message: LlmAssistantMessage = { role: 'assistant', content: 'Let me', reasoning: 'Hm.', toolCalls, origin };
    const draft = readDraft(draftLine(1, 'Let me') + draftLine(1, { ...message, providerData }));
    const shown = kind === 'agent_query' ? [] : [start, thought('Hm.'), said('Let me')];
    // The server stopped before it told of the third.
    const log = logOf(...shown, called('a'), called('b'), answered('a'));
    const { messages, openCalls } = await readRecoveredLog(log, draft);
    expect(messages[0]).toEqual({ ...message, toolCalls: toolCalls.slice(0, 2), providerData });
    expect(openCalls.map(({ toolCallId }) => toolCallId)).toEqual(['b']);
  });
});
