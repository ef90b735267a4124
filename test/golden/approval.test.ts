import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { expectFrames, normalise } from './frames.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const usage: LlmPart = { type: 'usage', inputTokens: 7, outputTokens: 2 };
const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'refund', arguments: '{"order_id":"A-1"}' };
const QUERY = `{"type":"streaming_query","query":"1234","run_id":"${RUN}"}`;
const CALL = `{"type":"tool_call","tool_name":"refund","params":{"order_id":"A-1"},"run_id":"${RUN}"}`;
const decision = (approved: boolean, more = ''): string =>
  `{"type":"approval","run_id":"${RUN}","tool_call_id":"c1","approved":${approved}${more}}`;

function start(approvalTimeoutMs?: number): Promise<TestServer> {
  const refund = defineTool({
    name: 'refund',
    description: 'Gives money back',
    params: z.object({ order_id: z.string() }),
    needsApproval: true,
    execute: () => 'done',
  });
  const provider = createScriptedProvider([call, usage], ['Well', usage]);
  return startServer({ provider, tools: [refund], approvalTimeoutMs });
}

/** A client whose run waits for its decision. */
async function asked(server: TestServer): Promise<TestClient> {
  const client = await TestClient.connect(server.url);
  client.sendRaw(QUERY);
  await client.next('approval_request');
  return client;
}

/** What the rest of the run comes to, after the decision. */
const REST = [
  '{"type":"stream_chunk","content":"Well","timestamp":T,"run_id":"uuid-1","seq":6}',
  '{"type":"stream_end","timestamp":T,"finish_reason":"stop","usage":{"input_tokens":14,"output_tokens":4},"run_id":"uuid-1","seq":7}',
];

/** The frames of the run, and beside them the replies, whose place among them is not fixed. */
function apart(frames: readonly string[]): { readonly run: string[]; readonly replies: string[] } {
  const inRun = (frame: string): boolean => frame.includes('"seq":');
  const normal = normalise(frames);
  return { run: normal.filter(inRun), replies: normal.filter((frame) => !inRun(frame)) };
}

describe('Frames of an approval', () => {
  it('asked', async () => {
    const client = await TestClient.connect((await start()).url);
    await expectFrames(
      client,
      [QUERY],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","run_id":"uuid-1","seq":1}',
        '{"type":"stream_tool_call","tool_call_id":"c1","tool_name":"refund","params":{"order_id":"A-1"},"timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"approval_request","tool_call_id":"c1","tool_name":"refund","params":{"order_id":"A-1"},"expires_in_ms":300000,"timestamp":T,"run_id":"uuid-1","seq":3}',
      ],
    );
  });

  it('given', async () => {
    const client = await asked(await start());
    const since = client.frames.length;
    client.sendRaw(decision(true, ',"request_id":"r"'));
    await client.next('stream_end');
    expect(apart(client.frames.slice(since))).toEqual({
      run: [
        '{"type":"approval_resolved","tool_call_id":"c1","approved":true,"by":"principal","timestamp":T,"run_id":"uuid-1","seq":4}',
        '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"refund","result":"done","timestamp":T,"run_id":"uuid-1","seq":5}',
        ...REST,
      ],
      replies: [
        '{"type":"approval_resolved","tool_call_id":"c1","approved":true,"by":"principal","timestamp":T,"run_id":"uuid-1","request_id":"r"}',
      ],
    });
  });

  it('refused, and decided again too late, before and after the end of the run', async () => {
    const client = await asked(await start());
    const since = client.frames.length;
    client.sendRaw(decision(false, ',"reason":"Wrong customer"'));
    client.sendRaw(decision(true, ',"request_id":"late"'));
    await client.next('stream_end');
    const late = (requestId: string): string =>
      `{"type":"approval_resolved","tool_call_id":"c1","approved":false,"by":"principal","reason":"Wrong customer","timestamp":T,"run_id":"uuid-1"${requestId}}`;
    expect(apart(client.frames.slice(since))).toEqual({
      run: [
        '{"type":"approval_resolved","tool_call_id":"c1","approved":false,"by":"principal","reason":"Wrong customer","timestamp":T,"run_id":"uuid-1","seq":4}',
        '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"refund","error":{"code":"forbidden","error":"The call was refused: Wrong customer"},"timestamp":T,"run_id":"uuid-1","seq":5}',
        ...REST,
      ],
      replies: [late(''), late(',"request_id":"late"')],
    });
    await expectFrames(client, [decision(true, ',"request_id":"later"')], [late(',"request_id":"later"')]);
  });

  it('that nobody gives in time', async () => {
    const client = await asked(await start(40));
    await client.next('stream_end');
    expect(normalise(client.frames.slice(4))).toEqual([
      '{"type":"approval_request","tool_call_id":"c1","tool_name":"refund","params":{"order_id":"A-1"},"expires_in_ms":40,"timestamp":T,"run_id":"uuid-1","seq":3}',
      '{"type":"approval_resolved","tool_call_id":"c1","approved":false,"by":"expiry","timestamp":T,"run_id":"uuid-1","seq":4}',
      '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"refund","error":{"code":"forbidden","error":"Nobody decided about the call in time"},"timestamp":T,"run_id":"uuid-1","seq":5}',
      ...REST,
    ]);
  });

  it('of a run that is cancelled', async () => {
    await expectFrames(
      await asked(await start()),
      ['{"type":"cancel"}'],
      [
        '{"type":"approval_resolved","tool_call_id":"c1","approved":false,"by":"cancel","timestamp":T,"run_id":"uuid-1","seq":4}',
        '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"refund","error":{"code":"tool_failed","error":"The run was stopped before the tool started"},"timestamp":T,"run_id":"uuid-1","seq":5}',
        '{"type":"cancelled","timestamp":T,"reason":"requested","finish_reason":"cancelled","usage":{"input_tokens":7,"output_tokens":2},"run_id":"uuid-1","seq":6}',
        '{"type":"cancelled","timestamp":T,"outcome":"cancelled","run_ids":["uuid-1"]}',
      ],
    );
  });

  it('that a connection learns of when it resumes', async () => {
    const server = await start();
    await asked(server);
    await expectFrames(
      await TestClient.connect(server.url),
      [`{"type":"resume","run_id":"${RUN}","after":3,"request_id":"r"}`],
      [
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":3,"head":3,"state":"waiting_approval","pending_approvals":[{"tool_call_id":"c1","tool_name":"refund","params":{"order_id":"A-1"},"expires_in_ms":N}],"request_id":"r"}',
      ],
    );
  });

  it('that a connection learns of when it watches', async () => {
    const server = await start();
    const asker = await TestClient.connect(server.url);
    asker.sendRaw(QUERY.replace('}', ',"conversation_id":"c"}'));
    await asker.next('approval_request');
    const watcher = await TestClient.connect(server.url);
    watcher.sendRaw('{"type":"watch","conversation_id":"c"}');
    const request = await watcher.next('approval_request');
    expect(normalise(watcher.frames.slice(2, 3))).toEqual([
      '{"type":"run_started","timestamp":T,"conversation_id":"c","run_id":"uuid-1","kind":"streaming_query","query":"1234","state":"waiting_approval","head":3,"pending_approvals":[{"tool_call_id":"c1","tool_name":"refund","params":{"order_id":"A-1"},"expires_in_ms":N}]}',
    ]);
    expect(request.seq).toBe(3);
  });

  it('of a tool call', async () => {
    const client = await TestClient.connect((await start()).url);
    await expectFrames(
      client,
      [CALL],
      [
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"approval_request","tool_call_id":"uuid-1","tool_name":"refund","params":{"order_id":"A-1"},"expires_in_ms":300000,"timestamp":T,"run_id":"uuid-1","seq":1}',
      ],
    );
    const since = client.frames.length;
    client.sendRaw(`{"type":"approval","run_id":"${RUN}","tool_call_id":"${RUN}","approved":true}`);
    await client.next('tool_result');
    expect(apart(client.frames.slice(since)).run).toEqual([
      '{"type":"approval_resolved","tool_call_id":"uuid-1","approved":true,"by":"principal","timestamp":T,"run_id":"uuid-1","seq":2}',
      '{"type":"tool_result","tool_name":"refund","result":"done","timestamp":T,"run_id":"uuid-1","seq":3}',
    ]);
  });

  it('of a tool call, refused', async () => {
    const client = await TestClient.connect((await start()).url);
    client.sendRaw(CALL);
    await client.next('approval_request');
    const since = client.frames.length;
    client.sendRaw(`{"type":"approval","run_id":"${RUN}","tool_call_id":"${RUN}","approved":false}`);
    await client.next('error');
    expect(apart(client.frames.slice(since)).run).toEqual([
      '{"type":"approval_resolved","tool_call_id":"uuid-1","approved":false,"by":"principal","timestamp":T,"run_id":"uuid-1","seq":2}',
      '{"type":"error","error":"The call was refused","timestamp":T,"code":"forbidden","retryable":false,"finish_reason":"error","run_id":"uuid-1","seq":3}',
    ]);
  });

  it('nobody asked for', async () => {
    const client = await asked(await start());
    await expectFrames(
      client,
      [
        `{"type":"approval","run_id":"${RUN}","tool_call_id":"c2","approved":true,"request_id":"r"}`,
        '{"type":"approval","run_id":"0b0a6f2e-58cc-4b0f-9d0e-3f2a6b7c8d9e","tool_call_id":"c1","approved":true}',
      ],
      [
        '{"type":"error","error":"The run asked for no approval of this call","timestamp":T,"code":"approval_not_found","retryable":false,"run_id":"uuid-1","request_id":"r"}',
        '{"type":"error","error":"No run has this id, or its output is gone","timestamp":T,"code":"run_not_found","retryable":false,"run_id":"uuid-2"}',
      ],
    );
  });
});

describe('Frames of a tool that needs approval, for a client of the documented core', () => {
  it('called by the model, which is told', async () => {
    const { url, agent } = await start();
    const client = await TestClient.connect(url, { negotiate: false });
    const ended = new Promise((resolve) => agent.runs.once('end', (run) => resolve(run.log.read(0))));
    await expectFrames(
      client,
      ['{"type":"streaming_query","query":"q"}'],
      [
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Well","timestamp":T,"run_id":"uuid-1","seq":4}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","usage":{"input_tokens":14,"output_tokens":4},"run_id":"uuid-1","seq":5}',
      ],
    );
    expect(JSON.stringify(await ended)).toContain(
      '\\"error\\":{\\"code\\":\\"forbidden\\",\\"error\\":\\"The tool \\\\\\"refund\\\\\\" needs an approval, which this client cannot give\\"}',
    );
  });

  it('called directly', async () => {
    await expectFrames(
      await TestClient.connect((await start()).url, { negotiate: false }),
      [CALL],
      [
        '{"type":"error","error":"The tool \\"refund\\" needs an approval, which this client cannot give","timestamp":T,"code":"forbidden","retryable":false,"finish_reason":"error","run_id":"uuid-1","seq":1}',
      ],
    );
  });
});
