import { describe, it } from 'vitest';
import type { LlmPart } from '../../src/index.js';
import { createScriptedProvider, TestClient, type Script } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { byHeader, expectFrames, gate } from './frames.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64');

async function connect(...scripts: Script[]): Promise<TestClient> {
  const provider = {
    ...createScriptedProvider(...(scripts.length > 0 ? scripts : [['Hello']])),
    accepts: ['image'] as const,
  };
  const { url } = await startServer({ provider, authenticate: byHeader });
  return TestClient.connect(url);
}

async function messageIds(client: TestClient): Promise<string[]> {
  const since = client.frames.length;
  client.sendRaw('{"type":"history","conversation_id":"c"}');
  return (await client.next('history', undefined, since)).messages.map(({ id }) => id);
}

describe('Frames of branches', () => {
  it('an answer given anew, and back to the first', async () => {
    const client = await connect(['One'], ['Two']);
    await client.ask({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    const [, answer = ''] = await messageIds(client);
    await expectFrames(
      client,
      [`{"type":"streaming_query","query":"q","run_id":"${RUN}","conversation_id":"c","replace_from":"${answer}"}`],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","conversation_id":"c","question_id":"uuid-2","answer_id":"uuid-3","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Two","timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","run_id":"uuid-1","seq":3}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c"}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[' +
          '{"id":"uuid-1","role":"user","content":"q","run_id":"uuid-2","created_at":T},' +
          '{"id":"uuid-3","parent_id":"uuid-1","siblings":["uuid-4","uuid-3"],"index":1,"role":"assistant","content":"Two","model":"script-1","finish_reason":"stop","run_id":"uuid-5","created_at":T}],"has_more":false}',
      ],
    );
    await expectFrames(
      client,
      [`{"type":"select_branch","conversation_id":"c","message_id":"${answer}","request_id":"r"}`],
      ['{"type":"branch_selected","timestamp":T,"conversation_id":"c","message_id":"uuid-1","request_id":"r"}'],
    );
  });

  it('a question replaced by one that comes to nothing', async () => {
    const client = await connect(['One'], ['Two'], [new Error('gone')]);
    await client.ask({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await client.ask({ type: 'streaming_query', query: 'and', conversation_id: 'c' });
    const ids = await messageIds(client);
    const run = { type: 'streaming_query', query: 'other', conversation_id: 'c', replace_from: ids[0] ?? '' } as const;
    await client.ask(run);
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c","limit":4}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[' +
          '{"id":"uuid-1","siblings":["uuid-1","uuid-2"],"index":0,"role":"user","content":"q","run_id":"uuid-3","created_at":T},' +
          '{"id":"uuid-4","parent_id":"uuid-1","role":"assistant","content":"One","model":"script-1","finish_reason":"stop","run_id":"uuid-3","created_at":T},' +
          '{"id":"uuid-5","parent_id":"uuid-4","role":"user","content":"and","run_id":"uuid-6","created_at":T},' +
          '{"id":"uuid-7","parent_id":"uuid-5","role":"assistant","content":"Two","model":"script-1","finish_reason":"stop","run_id":"uuid-6","created_at":T}],"has_more":false}',
      ],
    );
  });

  it('told to those who watch', async () => {
    const provider = createScriptedProvider(['One']);
    const { url } = await startServer({ provider, authenticate: byHeader });
    const [client, watcher] = [await TestClient.connect(url), await TestClient.connect(url)];
    await client.ask({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    watcher.sendRaw('{"type":"watch","conversation_id":"c"}');
    await watcher.next('watching');
    const [question = ''] = await messageIds(client);
    client.sendRaw(`{"type":"select_branch","conversation_id":"c","message_id":"${question}"}`);
    await watcher.next('branch_selected');
    await expectFrames(watcher, [], []);
  });

  it('of a message nobody knows, and while a run is in progress', async () => {
    const client = await connect(['One', gate().opened]);
    await expectFrames(
      client,
      ['{"type":"select_branch","conversation_id":"c","message_id":"m","request_id":"r"}'],
      [
        '{"type":"error","error":"The conversation has no message with this id","timestamp":T,"code":"message_not_found","retryable":false,"request_id":"r"}',
      ],
    );
    client.sendRaw('{"type":"streaming_query","query":"q","conversation_id":"c"}');
    await client.next('stream_chunk');
    await expectFrames(
      client,
      ['{"type":"select_branch","conversation_id":"c","message_id":"m"}'],
      [
        '{"type":"error","error":"The conversation has a run in progress","timestamp":T,"code":"conversation_busy","retryable":true}',
      ],
    );
  });
});

describe('Frames of attachments', () => {
  it('named in the history, and fetched', async () => {
    const usage: LlmPart = { type: 'usage', inputTokens: 7, outputTokens: 2, cachedInputTokens: 4, reasoningTokens: 1 };
    const client = await connect(['A dot', usage]);
    await client.ask({
      type: 'streaming_query',
      query: 'q',
      conversation_id: 'c',
      attachments: [{ type: 'image', media_type: 'image/png', name: 'dot.png', data: PNG }],
    });
    await expectFrames(
      client,
      ['{"type":"history","conversation_id":"c"}'],
      [
        '{"type":"history","timestamp":T,"conversation_id":"c","title":"q","messages":[' +
          '{"id":"uuid-1","role":"user","content":"q","attachments":[{"attachment_id":"uuid-2","type":"image","media_type":"image/png","name":"dot.png","bytes":8}],"run_id":"uuid-3","created_at":T},' +
          '{"id":"uuid-4","parent_id":"uuid-1","role":"assistant","content":"A dot","model":"script-1","finish_reason":"stop","usage":{"input_tokens":7,"output_tokens":2,"cached_input_tokens":4,"reasoning_tokens":1},"run_id":"uuid-3","created_at":T}],"has_more":false}',
      ],
    );
    const id = client.all('history')[0]?.messages[0]?.attachments?.[0]?.attachment_id ?? '';
    await expectFrames(
      client,
      [
        `{"type":"attachment","conversation_id":"c","attachment_id":"${id}","request_id":"r"}`,
        '{"type":"attachment","conversation_id":"c","attachment_id":"x"}',
      ],
      [
        '{"type":"attachment","timestamp":T,"conversation_id":"c","attachment_id":"uuid-1","data":"iVBORw0KGgo=","request_id":"r"}',
        '{"type":"error","error":"The conversation has no attachment with this id","timestamp":T,"code":"attachment_not_found","retryable":false}',
      ],
    );
  });

  it('that are not what they say', async () => {
    await expectFrames(
      await connect(),
      [
        '{"type":"streaming_query","query":"q","attachments":[{"type":"image","media_type":"image/png","name":"a","data":"aGVsbG8="}]}',
      ],
      [
        '{"type":"error","error":"\\"a\\": its bytes are not those of image/png","timestamp":T,"code":"unsupported_content","retryable":false}',
      ],
    );
  });
});
