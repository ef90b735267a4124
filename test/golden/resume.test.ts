import { describe, expect, it } from 'vitest';
import { calculator } from '../../src/index.js';
import { clientMessages, CORE_REQUESTS } from '../../src/protocol/client-messages.js';
import { createScriptedProvider, TestClient, type Script } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { byHeader, expectFrames, gate, normalise } from './frames.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const OTHER = '0b0a6f2e-58cc-4b0f-9d0e-3f2a6b7c8d9e';
const QUERY = `{"type":"streaming_query","query":"q","run_id":"${RUN}"}`;

function start(...scripts: Script[]): ReturnType<typeof startServer> {
  return startServer({ provider: createScriptedProvider(...scripts), tools: [calculator], authenticate: byHeader });
}

describe('Frames of resume', () => {
  it('in the middle of an answer: what is missing in one piece, then what comes', async () => {
    const [lo, rest] = [gate(), gate()];
    const { url } = await start(['Hel', lo.opened, 'lo', rest.opened, '!']);
    const first = await TestClient.connect(url);
    first.sendRaw(QUERY);
    await first.next('stream_chunk');
    lo.open();
    await first.next('stream_chunk', ({ seq }) => seq === 3);
    first.socket.terminate();
    const second = await TestClient.connect(url);
    await expectFrames(
      second,
      [`{"type":"resume","run_id":"${RUN}","after":1,"request_id":"r"}`],
      [
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":1,"head":3,"state":"running","request_id":"r"}',
        '{"type":"stream_chunk","content":"Hello","timestamp":T,"first_seq":2,"run_id":"uuid-1","seq":3,"request_id":"r"}',
      ],
    );
    const since = second.frames.length;
    rest.open();
    await second.next('stream_end');
    expect(normalise(second.frames.slice(since))).toEqual([
      '{"type":"stream_chunk","content":"!","timestamp":T,"run_id":"uuid-1","seq":4}',
      '{"type":"stream_end","timestamp":T,"finish_reason":"stop","run_id":"uuid-1","seq":5}',
    ]);
  });

  it('of a run that is over, from its start and from its end', async () => {
    const { url } = await start(['Hello']);
    const client = await TestClient.connect(url);
    client.sendRaw(`{"type":"tool_call","tool_name":"calculator","params":{"expression":"1"},"run_id":"${OTHER}"}`);
    await client.next('tool_result');
    await expectFrames(
      client,
      [`{"type":"resume","run_id":"${OTHER}"}`, `{"type":"resume","run_id":"${OTHER}","after":1}`],
      [
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":0,"head":1,"state":"finished"}',
        '{"type":"tool_result","tool_name":"calculator","result":1,"timestamp":T,"run_id":"uuid-1","seq":1}',
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":1,"head":1,"state":"finished"}',
      ],
    );
  });

  it('of a client that has more than the server: everything anew', async () => {
    const { url } = await start(['Hello']);
    const client = await TestClient.connect(url);
    client.sendRaw(QUERY);
    await client.next('stream_end');
    await expectFrames(
      client,
      [`{"type":"resume","run_id":"${RUN}","after":9}`],
      [
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":0,"head":3,"state":"finished","reset":true}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","run_id":"uuid-1","seq":1}',
        '{"type":"stream_chunk","content":"Hello","timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","run_id":"uuid-1","seq":3}',
      ],
    );
  });

  it('of a run nobody knows, and of another owner', async () => {
    const { url } = await start(['Hello']);
    const client = await TestClient.connect(url);
    client.sendRaw(QUERY);
    await client.next('stream_end');
    const refusal =
      '{"type":"error","error":"No run has this id, or its output is gone","timestamp":T,"code":"run_not_found","retryable":false,"run_id":"uuid-1","request_id":"r"}';
    await expectFrames(client, [`{"type":"resume","run_id":"${OTHER}","request_id":"r"}`], [refusal]);
    const stranger = await TestClient.connect(url, { headers: { 'x-user': 'stranger' } });
    await expectFrames(stranger, [`{"type":"resume","run_id":"${RUN}","request_id":"r"}`], [refusal]);
  });

  it('with a position that is none', async () => {
    const { url } = await start(['Hello']);
    await expectFrames(
      await TestClient.connect(url),
      [`{"type":"resume","run_id":"${RUN}","after":-1}`],
      [
        '{"type":"error","error":"`after` must be at least 0","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"after","message":"`after` must be at least 0"}],"run_id":"uuid-1"}',
      ],
    );
  });

  it('of a run nobody read for too long', async () => {
    const provider = createScriptedProvider(['1234', gate().opened]);
    const { url, agent } = await startServer({ provider, detachGraceMs: 40 });
    const first = await TestClient.connect(url);
    first.sendRaw(QUERY);
    await first.next('stream_chunk');
    first.socket.terminate();
    await expect.poll(() => agent.runs.size).toBe(0);
    await expectFrames(
      await TestClient.connect(url),
      [`{"type":"resume","run_id":"${RUN}","after":2}`],
      [
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":2,"head":3,"state":"cancelled"}',
        '{"type":"cancelled","timestamp":T,"reason":"abandoned","finish_reason":"cancelled","usage":{"input_tokens":1,"output_tokens":1,"estimated":true},"run_id":"uuid-1","seq":3}',
      ],
    );
  });
});

describe('Frames of list_runs', () => {
  const runs = [
    `{"type":"agent_query","query":"q","run_id":"${RUN}","conversation_id":"c"}`,
    `{"type":"tool_call","tool_name":"calculator","params":{"expression":"1"},"run_id":"${OTHER}"}`,
  ];

  it('with nothing, and with runs', async () => {
    const { url } = await start([gate().opened]);
    const client = await TestClient.connect(url);
    await expectFrames(client, ['{"type":"list_runs"}'], ['{"type":"runs","timestamp":T,"runs":[]}']);
    for (const run of runs) client.sendRaw(run);
    await client.next('tool_result');
    await expectFrames(
      await TestClient.connect(url),
      ['{"type":"list_runs","request_id":"r"}'],
      [
        '{"type":"runs","timestamp":T,"runs":[{"run_id":"uuid-1","kind":"agent_query","state":"running","conversation_id":"c","head":1},{"run_id":"uuid-2","kind":"tool_call","state":"finished","head":1}],"request_id":"r"}',
      ],
    );
  });

  it('of an anonymous client: those of its connection', async () => {
    const { url } = await startServer({ tools: [calculator] });
    const [one, two] = [await TestClient.connect(url), await TestClient.connect(url)];
    await one.ask({ type: 'tool_call', tool_name: 'calculator', params: { expression: '1' }, run_id: OTHER });
    await expectFrames(two, ['{"type":"list_runs"}'], ['{"type":"runs","timestamp":T,"runs":[]}']);
    two.sendRaw(`{"type":"resume","run_id":"${OTHER}"}`);
    await two.next('tool_result');
    await expectFrames(
      two,
      ['{"type":"list_runs"}'],
      ['{"type":"runs","timestamp":T,"runs":[{"run_id":"uuid-1","kind":"tool_call","state":"finished","head":1}]}'],
    );
  });
});

it.each(Object.keys(clientMessages).filter((type) => !CORE_REQUESTS.has(type)))(
  'The refusal of %s for a client of the documented core',
  async (type) => {
    const { url } = await start(['Hello']);
    await expectFrames(
      await TestClient.connect(url, { negotiate: false }),
      [`{"type":"${type}","request_id":"r"}`],
      [
        `{"type":"error","error":"\\"${type}\\" is for clients that negotiate agent-ws.v1","timestamp":T,"code":"unknown_type","retryable":false,"request_id":"r"}`,
      ],
    );
  },
);
