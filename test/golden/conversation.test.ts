import { describe, expect, it } from 'vitest';
import { calculator, type LlmPart } from '../../src/index.js';
import { createScriptedProvider, TestClient, type Script } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { byHeader, expectFrames, gate, normalise } from './frames.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const NEXT = '0b0a6f2e-58cc-4b0f-9d0e-3f2a6b7c8d9e';
const usage: LlmPart = { type: 'usage', inputTokens: 7, outputTokens: 2 };
const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"1 + 1"}' };

async function connect(...scripts: Script[]): Promise<TestClient> {
  const provider = createScriptedProvider(...(scripts.length > 0 ? scripts : [['Hello']]));
  const { url } = await startServer({ provider, tools: [calculator], authenticate: byHeader });
  return TestClient.connect(url);
}

/** A client in whose conversation `c` a run has said something and goes on. */
async function busy(): Promise<TestClient> {
  const client = await connect(['12345678', gate().opened], ['Hello']);
  client.sendRaw(`{"type":"streaming_query","query":"1234","run_id":"${RUN}","conversation_id":"c"}`);
  await client.next('stream_chunk');
  return client;
}

describe('Frames of a query in a conversation', () => {
  it('streaming_query', async () => {
    await expectFrames(
      await connect(['Two', usage]),
      ['{"type":"streaming_query","query":"q","conversation_id":"c","on_disconnect":"continue","when_busy":"enqueue"}'],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","conversation_id":"c","question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Two","timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","usage":{"input_tokens":7,"output_tokens":2},"run_id":"uuid-1","seq":3}',
      ],
    );
  });

  it('agent_query', async () => {
    await expectFrames(
      await connect(['Two', usage]),
      ['{"type":"agent_query","query":"q","conversation_id":"c"}'],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"status","status":"processing","timestamp":T,"question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"agent_response","content":"Two","vendor":"scripted","timestamp":T,"model":"script-1","conversation_id":"c","finish_reason":"stop","usage":{"input_tokens":7,"output_tokens":2},"run_id":"uuid-1","seq":2}',
      ],
    );
  });

  it('agent_query that is cancelled, with what there was of the answer', async () => {
    const client = await connect(['12345678', gate().opened]);
    client.sendRaw('{"type":"agent_query","query":"1234","conversation_id":"c"}');
    await client.next('status');
    await expectFrames(
      client,
      ['{"type":"cancel"}'],
      [
        '{"type":"cancelled","timestamp":T,"reason":"requested","content":"12345678","finish_reason":"cancelled","usage":{"input_tokens":1,"output_tokens":2,"estimated":true},"run_id":"uuid-1","seq":2}',
        '{"type":"cancelled","timestamp":T,"outcome":"cancelled","run_ids":["uuid-1"]}',
      ],
    );
  });

  it('agent_query that fails, with what there was of the answer', async () => {
    await expectFrames(
      await connect(['12345678', new Error('secret')]),
      ['{"type":"agent_query","query":"1234","conversation_id":"c"}'],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"status","status":"processing","timestamp":T,"question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"error","error":"The model provider failed","timestamp":T,"code":"provider_error","retryable":true,"content":"12345678","finish_reason":"error","usage":{"input_tokens":1,"output_tokens":2,"estimated":true},"run_id":"uuid-1","seq":2}',
      ],
    );
  });

  it('that replaces a message nobody knows', async () => {
    await expectFrames(
      await connect(),
      ['{"type":"streaming_query","query":"q","conversation_id":"c","replace_from":"m"}'],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"error","error":"The conversation has no message with this id","timestamp":T,"code":"message_not_found","retryable":false,"finish_reason":"error","run_id":"uuid-1","seq":1}',
      ],
    );
  });
});

describe('Frames of a busy conversation', () => {
  it('enqueue: queued, with its position, and cancelled before it starts', async () => {
    await expectFrames(
      await busy(),
      [
        `{"type":"streaming_query","query":"q","run_id":"${NEXT}","conversation_id":"c","request_id":"r"}`,
        `{"type":"resume","run_id":"${NEXT}"}`,
        `{"type":"cancel","run_id":"${NEXT}"}`,
      ],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"queued","request_id":"r"}',
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":0,"head":0,"state":"queued","position":1}',
        '{"type":"cancelled","timestamp":T,"reason":"requested","finish_reason":"cancelled","run_id":"uuid-1","seq":1}',
        '{"type":"cancelled","timestamp":T,"outcome":"cancelled","run_ids":["uuid-1"]}',
      ],
    );
  });

  it('reject', async () => {
    await expectFrames(
      await busy(),
      [`{"type":"streaming_query","query":"q","run_id":"${NEXT}","conversation_id":"c","when_busy":"reject"}`],
      [
        '{"type":"error","error":"The conversation has a run in progress","timestamp":T,"code":"conversation_busy","retryable":true,"run_id":"uuid-1"}',
      ],
    );
  });

  it('interrupt', async () => {
    await expectFrames(
      await busy(),
      [`{"type":"streaming_query","query":"q","run_id":"${NEXT}","conversation_id":"c","when_busy":"interrupt"}`],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"queued"}',
        '{"type":"cancelled","timestamp":T,"reason":"replaced","finish_reason":"cancelled","usage":{"input_tokens":1,"output_tokens":2,"estimated":true},"run_id":"uuid-2","seq":3}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","conversation_id":"c","question_id":"uuid-3","answer_id":"uuid-4","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Hello","timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","run_id":"uuid-1","seq":3}',
      ],
    );
  });
});

describe('Frames of watch', () => {
  it('a run in progress, the next one, and no more', async () => {
    const provider = createScriptedProvider(['Hel', gate().opened], ['Hello', usage]);
    const { url } = await startServer({ provider, authenticate: byHeader });
    const asker = await TestClient.connect(url);
    asker.sendRaw(`{"type":"streaming_query","query":"q","run_id":"${RUN}","conversation_id":"c"}`);
    await asker.next('stream_chunk');
    const watcher = await TestClient.connect(url);
    await expectFrames(
      watcher,
      ['{"type":"watch","conversation_id":"c","request_id":"r"}'],
      [
        '{"type":"watching","timestamp":T,"conversation_id":"c","active":true,"request_id":"r"}',
        '{"type":"run_started","timestamp":T,"conversation_id":"c","run_id":"uuid-1","kind":"streaming_query","query":"q","state":"running","head":2}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","conversation_id":"c","question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Hel","timestamp":T,"run_id":"uuid-1","seq":2}',
      ],
    );
    const since = watcher.frames.length;
    asker.sendRaw('{"type":"cancel"}');
    await asker.next('cancelled', ({ outcome }) => outcome === 'cancelled');
    asker.sendRaw(`{"type":"agent_query","query":"next","run_id":"${NEXT}","conversation_id":"c"}`);
    await watcher.next('agent_response');
    expect(normalise(watcher.frames.slice(since))).toEqual([
      '{"type":"cancelled","timestamp":T,"reason":"requested","finish_reason":"cancelled","usage":{"input_tokens":1,"output_tokens":1,"estimated":true},"run_id":"uuid-1","seq":3}',
      '{"type":"run_started","timestamp":T,"conversation_id":"c","run_id":"uuid-2","kind":"agent_query","query":"next","state":"accepted"}',
      '{"type":"status","status":"processing","timestamp":T,"question_id":"uuid-3","answer_id":"uuid-4","run_id":"uuid-2","seq":1}',
      '{"type":"agent_response","content":"Hello","vendor":"scripted","timestamp":T,"model":"script-1","conversation_id":"c","finish_reason":"stop","usage":{"input_tokens":7,"output_tokens":2},"run_id":"uuid-2","seq":2}',
    ]);
    await expectFrames(
      watcher,
      ['{"type":"watch","conversation_id":"c","active":false}'],
      ['{"type":"watching","timestamp":T,"conversation_id":"c","active":false}'],
    );
    await asker.ask({ type: 'agent_query', query: 'unseen', conversation_id: 'c' });
    await expectFrames(watcher, [], []);
  });
});

describe('Frames of history', () => {
  it('of a conversation that does not exist', async () => {
    await expectFrames(
      await connect(),
      ['{"type":"history","conversation_id":"c","request_id":"r"}'],
      ['{"type":"history","timestamp":T,"conversation_id":"c","messages":[],"has_more":false,"request_id":"r"}'],
    );
  });

  it('with a tool, and in pages', async () => {
    const client = await connect(['Let me see. ', call], ['Two']);
    await client.ask({ type: 'agent_query', query: 'q', conversation_id: 'c', run_id: RUN });
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c"}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[' +
          '{"id":"uuid-1","role":"user","content":"q","run_id":"uuid-2","created_at":T},' +
          '{"id":"uuid-3","parent_id":"uuid-1","role":"assistant","content":"Let me see. ","tool_calls":[{"tool_call_id":"c1","tool_name":"calculator","arguments":"{\\"expression\\":\\"1 + 1\\"}"}],"model":"script-1","run_id":"uuid-2","created_at":T},' +
          '{"id":"uuid-4","parent_id":"uuid-3","role":"tool","content":"2","tool_call_id":"c1","tool_name":"calculator","run_id":"uuid-2","created_at":T},' +
          '{"id":"uuid-5","parent_id":"uuid-4","role":"assistant","content":"Two","model":"script-1","finish_reason":"stop","run_id":"uuid-2","created_at":T}],"has_more":false}',
      ],
    );
    const [page] = client.all('history');
    await expectFrames(
      client,
      [`{"type":"history","conversation_id":"c","limit":1,"before":"${page?.messages[1]?.id ?? ''}"}`],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[{"id":"uuid-1","role":"user","content":"q","run_id":"uuid-2","created_at":T}],"has_more":false}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c","limit":1}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[{"id":"uuid-1","parent_id":"uuid-2","role":"assistant","content":"Two","model":"script-1","finish_reason":"stop","run_id":"uuid-3","created_at":T}],"has_more":true}',
      ],
    );
  });

  it('with an answer that was stopped', async () => {
    const client = await busy();
    client.sendRaw('{"type":"cancel"}');
    await client.next('cancelled', ({ outcome }) => outcome === 'cancelled');
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c"}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"1234","messages":[' +
          '{"id":"uuid-1","role":"user","content":"1234","run_id":"uuid-2","created_at":T},' +
          '{"id":"uuid-3","parent_id":"uuid-1","role":"assistant","content":"12345678","status":"cancelled","model":"script-1","usage":{"input_tokens":1,"output_tokens":2,"estimated":true},"run_id":"uuid-2","created_at":T}],"has_more":false}',
      ],
    );
  });
});

describe('Frames of the list of conversations', () => {
  it('named, listed, deleted', async () => {
    const client = await connect();
    await client.ask({ type: 'agent_query', query: 'First', conversation_id: 'a' });
    await expectFrames(
      client,
      [
        '{"type":"update_conversation","conversation_id":"b","title":"B","metadata":{"pinned":true},"request_id":"r"}',
        '{"type":"update_conversation","conversation_id":"b"}',
      ],
      [
        '{"type":"conversation","timestamp":T,"conversation_id":"b","title":"B","metadata":{"pinned":true},"request_id":"r"}',
        '{"type":"conversation","timestamp":T,"conversation_id":"b","title":"B","metadata":{"pinned":true}}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"b"}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"b","title":"B","metadata":{"pinned":true},"messages":[],"has_more":false}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"list_conversations","request_id":"r"}', '{"type":"list_conversations","limit":1}'],
      [
        '{"type":"conversations","timestamp":T,"conversations":[' +
          '{"conversation_id":"b","title":"B","metadata":{"pinned":true},"messages":0,"created_at":T,"updated_at":T},' +
          '{"conversation_id":"a","title":"First","messages":2,"created_at":T,"updated_at":T}],"has_more":false,"request_id":"r"}',
        '{"type":"conversations","timestamp":T,"conversations":[' +
          '{"conversation_id":"b","title":"B","metadata":{"pinned":true},"messages":0,"created_at":T,"updated_at":T}],"has_more":true}',
      ],
    );
    await expectFrames(
      client,
      [
        '{"type":"list_conversations","before":"b"}',
        '{"type":"delete_conversation","conversation_id":"a","request_id":"r"}',
      ],
      [
        '{"type":"conversations","timestamp":T,"conversations":[{"conversation_id":"a","title":"First","messages":2,"created_at":T,"updated_at":T}],"has_more":false}',
        '{"type":"conversation_deleted","timestamp":T,"conversation_id":"a","existed":true,"request_id":"r"}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"delete_conversation","conversation_id":"a"}'],
      ['{"type":"conversation_deleted","timestamp":T,"conversation_id":"a","existed":false}'],
    );
  });

  it('deleted while a run is in progress', async () => {
    await expectFrames(
      await busy(),
      ['{"type":"delete_conversation","conversation_id":"c","request_id":"r"}'],
      [
        '{"type":"error","error":"The conversation has a run in progress","timestamp":T,"code":"conversation_busy","retryable":true,"request_id":"r"}',
      ],
    );
  });

  it('too much metadata', async () => {
    await expectFrames(
      await connect(),
      [`{"type":"update_conversation","conversation_id":"c","metadata":{"a":"${'x'.repeat(4_096)}"}}`],
      [
        '{"type":"error","error":"`metadata` must be at most 4096 bytes of JSON","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"metadata","message":"`metadata` must be at most 4096 bytes of JSON"}]}',
      ],
    );
  });

  it.each(['{"type":"list_conversations"}', '{"type":"delete_conversation","conversation_id":"c"}'])(
    'of an anonymous client: %s',
    async (frame) => {
      const { url } = await startServer();
      await expectFrames(
        await TestClient.connect(url),
        [frame],
        [
          '{"type":"error","error":"Only a client that has authenticated may do this","timestamp":T,"code":"forbidden","retryable":false}',
        ],
      );
    },
  );
});
