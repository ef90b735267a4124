import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AgentSocketError, calculator, defineTool, type LlmPart } from '../../src/index.js';
import { ERROR_CODES } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient, type Script } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { expectFrames, normalise } from './frames.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const never = new Promise<never>(() => undefined);
const usage: LlmPart = { type: 'usage', inputTokens: 7, outputTokens: 2 };
const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"1 + 1"}' };
const brokenCall: LlmPart = { type: 'tool-call', id: 'c2', name: 'calculator', arguments: '{"expression":' };

async function connect(negotiate: boolean, ...scripts: Script[]): Promise<TestClient> {
  const fail = defineTool({
    name: 'fail',
    description: 'Fails',
    params: z.object({ how: z.enum(['throw', 'large', 'slow']) }),
    timeoutMs: 30,
    execute: ({ how }) => {
      if (how === 'slow') return never;
      if (how === 'large') return 'x'.repeat(200);
      throw new Error('secret');
    },
  });
  const server = await startServer({
    provider: createScriptedProvider(...(scripts.length > 0 ? scripts : [['Hello']])),
    tools: [calculator, fail],
    maxToolResultBytes: 100,
    maxRunsPerConnection: 1,
    retainMs: 0,
  });
  return TestClient.connect(server.url, { negotiate });
}

describe.each([
  ['negotiated', true],
  ['plain', false],
])('Frames of a %s client', (_kind, negotiated) => {
  /** The given frames, without those only a negotiated client gets. */
  const seen = (...frames: string[]): string[] =>
    frames.filter((frame) => negotiated || !/"type":"(accepted|resumed|stream_reasoning|stream_tool_)/.test(frame));

  it('connected', async () => {
    const client = await connect(negotiated);
    expect(normalise(client.frames)).toEqual([
      '{"type":"connected","connection_id":"uuid-1","message":"Connected to Agent WebSocket","protocol":"agent-ws.v1","epoch":"uuid-2","principal_id":"anonymous","limits":{"message_bytes":1048576,"runs":1,"heartbeat_seconds":30,"detach_seconds":60}}',
    ]);
    expect(client.socket.protocol).toBe(negotiated ? 'agent-ws.v1' : '');
  });

  it('ping', async () => {
    const client = await connect(negotiated);
    await expectFrames(
      client,
      ['{"type":"ping"}', '{"type":"ping","request_id":"r\\"1"}'],
      ['{"type":"pong","timestamp":T}', '{"type":"pong","timestamp":T,"request_id":"r\\"1"}'],
    );
  });

  it('agent_query', async () => {
    const client = await connect(negotiated, ['Two', usage]);
    await expectFrames(
      client,
      ['{"type":"agent_query","query":"q","request_id":"r"}'],
      seen(
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted","request_id":"r"}',
        '{"type":"status","status":"processing","timestamp":T,"run_id":"uuid-1","seq":1,"request_id":"r"}',
        '{"type":"agent_response","content":"Two","vendor":"scripted","timestamp":T,"model":"script-1","finish_reason":"stop","usage":{"input_tokens":7,"output_tokens":2},"run_id":"uuid-1","seq":2}',
      ),
    );
  });

  it('streaming_query with reasoning and tools', async () => {
    const client = await connect(
      negotiated,
      [{ type: 'reasoning-delta', text: 'Hm' }, 'Let me see. ', call, brokenCall, usage],
      ['It is "2"', usage],
    );
    await expectFrames(
      client,
      ['{"type":"streaming_query","query":"q"}'],
      seen(
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","run_id":"uuid-1","seq":1}',
        '{"type":"stream_reasoning","content":"Hm","timestamp":T,"run_id":"uuid-1","seq":2}',
        '{"type":"stream_chunk","content":"Let me see. ","timestamp":T,"run_id":"uuid-1","seq":3}',
        '{"type":"stream_tool_call","tool_call_id":"c1","tool_name":"calculator","params":{"expression":"1 + 1"},"timestamp":T,"run_id":"uuid-1","seq":4}',
        '{"type":"stream_tool_call","tool_call_id":"c2","tool_name":"calculator","params":"{\\"expression\\":","timestamp":T,"run_id":"uuid-1","seq":5}',
        '{"type":"stream_tool_result","tool_call_id":"c2","tool_name":"calculator","error":{"code":"invalid_params","error":"The arguments of \\"calculator\\" are not valid JSON"},"timestamp":T,"run_id":"uuid-1","seq":6}',
        '{"type":"stream_tool_result","tool_call_id":"c1","tool_name":"calculator","result":2,"timestamp":T,"run_id":"uuid-1","seq":7}',
        '{"type":"stream_chunk","content":"It is \\"2\\"","timestamp":T,"run_id":"uuid-1","seq":8}',
        '{"type":"stream_end","timestamp":T,"finish_reason":"stop","usage":{"input_tokens":14,"output_tokens":4},"run_id":"uuid-1","seq":9}',
      ),
    );
  });

  it('tool_call', async () => {
    const client = await connect(negotiated);
    await expectFrames(
      client,
      ['{"type":"tool_call","tool_name":"calculator","params":{"expression":"123 + 456"}}'],
      seen(
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"tool_result","tool_name":"calculator","result":579,"timestamp":T,"run_id":"uuid-1","seq":1}',
      ),
    );
  });

  it('cancel', async () => {
    const client = await connect(negotiated, ['12345678', never]);
    client.sendRaw(`{"type":"streaming_query","query":"1234","run_id":"${RUN}"}`);
    await client.next('stream_chunk');
    await expectFrames(
      client,
      ['{"type":"cancel","request_id":"r"}'],
      [
        ...(negotiated
          ? [
              '{"type":"cancelled","timestamp":T,"reason":"requested","finish_reason":"cancelled","usage":{"input_tokens":1,"output_tokens":2,"estimated":true},"run_id":"uuid-1","seq":3}',
            ]
          : []),
        '{"type":"cancelled","timestamp":T,"outcome":"cancelled","run_ids":["uuid-1"],"request_id":"r"}',
      ],
    );
    await expectFrames(
      client,
      ['{"type":"cancel"}'],
      ['{"type":"cancelled","timestamp":T,"outcome":"nothing_running","run_ids":[]}'],
    );
  });

  it('a repeated query', async () => {
    const client = await connect(negotiated, ['a', never]);
    const query = `{"type":"streaming_query","query":"q","run_id":"${RUN}"}`;
    client.sendRaw(query);
    await client.next('stream_chunk');
    await expectFrames(
      client,
      [`${query.slice(0, -1)},"request_id":"again"}`],
      seen(
        '{"type":"resumed","timestamp":T,"run_id":"uuid-1","after":0,"head":2,"state":"running","request_id":"again"}',
        '{"type":"stream_start","timestamp":T,"vendor":"scripted","model":"script-1","run_id":"uuid-1","seq":1,"request_id":"again"}',
        '{"type":"stream_chunk","content":"a","timestamp":T,"run_id":"uuid-1","seq":2}',
      ),
    );
  });

  it.each<[string, string]>([
    [
      '{',
      '{"type":"error","error":"The message is not valid JSON","timestamp":T,"code":"invalid_json","retryable":false}',
    ],
    [
      '[]',
      '{"type":"error","error":"The message is not a JSON object","timestamp":T,"code":"invalid_json","retryable":false}',
    ],
    [
      '{}',
      '{"type":"error","error":"`type` is required","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"type","message":"`type` is required"}]}',
    ],
    [
      '['.repeat(65),
      '{"type":"error","error":"Objects and arrays may be nested 32 deep at most","timestamp":T,"code":"too_deep","retryable":false}',
    ],
    [
      '{"type":"nothing","request_id":"r"}',
      '{"type":"error","error":"Unknown message type: \\"nothing\\"","timestamp":T,"code":"unknown_type","retryable":false,"request_id":"r"}',
    ],
    [
      '{"type":"agent_qeury","request_id":"r"}',
      '{"type":"error","error":"Unknown message type: \\"agent_qeury\\"; did you mean \\"agent_query\\"?","timestamp":T,"code":"unknown_type","retryable":false,"request_id":"r"}',
    ],
    [
      '{"type":"tool_call"}',
      '{"type":"error","error":"`tool_name` is required","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"tool_name","message":"`tool_name` is required"}]}',
    ],
    [
      '{"type":"tool_call","tool_name":"calculater","params":5}',
      '{"type":"error","error":"`params` must be an object","timestamp":T,"code":"invalid_params","retryable":false,"issues":[{"path":"params","message":"`params` must be an object"}]}',
    ],
    [
      '{"type":"tool_call","tool_name":"calculater"}',
      '{"type":"error","error":"There is no tool \\"calculater\\"; there are \\"calculator\\", \\"fail\\"; did you mean \\"calculator\\"?","timestamp":T,"code":"unknown_tool","retryable":false}',
    ],
    [
      '{"type":"agent_query","query":"q","temperature":9,"when_busy":"wait"}',
      '{"type":"error","error":"`when_busy` must be one of \\"enqueue\\", \\"reject\\", \\"interrupt\\"; `temperature` must be from 0 to 2","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"when_busy","message":"`when_busy` must be one of \\"enqueue\\", \\"reject\\", \\"interrupt\\""},{"path":"temperature","message":"`temperature` must be from 0 to 2"}]}',
    ],
    [
      '{"type":"agent_query"}',
      '{"type":"error","error":"Query is required","timestamp":T,"code":"query_required","retryable":false}',
    ],
    [
      '{"type":"streaming_query","query":" ","request_id":"r"}',
      '{"type":"error","error":"Query is required","timestamp":T,"code":"query_required","retryable":false,"request_id":"r"}',
    ],
    [
      '{"type":"cancel","run_id":"x"}',
      '{"type":"error","error":"`run_id` must be a UUID","timestamp":T,"code":"invalid_message","retryable":false,"issues":[{"path":"run_id","message":"`run_id` must be a UUID"}]}',
    ],
    [
      '{"type":"tool_call","tool_name":"nothing"}',
      '{"type":"error","error":"There is no tool \\"nothing\\"; there are \\"calculator\\", \\"fail\\"","timestamp":T,"code":"unknown_tool","retryable":false}',
    ],
    [
      '{"type":"agent_query","query":"q","model":"m"}',
      '{"type":"error","error":"This server does not let a query choose the model","timestamp":T,"code":"forbidden","retryable":false}',
    ],
  ])('the refusal of %s', async (frame, error) => {
    await expectFrames(await connect(negotiated), [frame], [error]);
  });

  it.each<[string, string]>([
    ['throw', '"error":"The tool \\"fail\\" failed","timestamp":T,"code":"tool_failed","retryable":false'],
    [
      'large',
      '"error":"The result of the tool \\"fail\\" is larger than 100 bytes","timestamp":T,"code":"output_too_large","retryable":false',
    ],
    [
      'slow',
      '"error":"The tool \\"fail\\" took longer than 30 ms","timestamp":T,"code":"tool_timeout","retryable":true',
    ],
  ])('the end of a tool call that fails: %s', async (how, error) => {
    const client = await connect(negotiated);
    await expectFrames(
      client,
      [`{"type":"tool_call","tool_name":"fail","params":{"how":"${how}"}}`],
      seen(
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        `{"type":"error",${error},"finish_reason":"error","run_id":"uuid-1","seq":1}`,
      ),
    );
  });

  it('the end of a tool call with params its schema refuses', async () => {
    const client = await connect(negotiated);
    const end = await client.ask({ type: 'tool_call', tool_name: 'fail', params: { how: 'x' } });
    expect(end).toMatchObject({
      code: 'invalid_params',
      retryable: false,
      error: '`how` must be one of "throw", "large", "slow"',
      issues: [{ path: 'how' }],
      finish_reason: 'error',
    });
  });

  it.each([
    'provider_error',
    'provider_rate_limited',
    'provider_timeout',
    'provider_overloaded',
    'provider_quota_exhausted',
    'provider_unauthorized',
    'provider_refused',
    'content_refused',
    'context_too_long',
    'internal_error',
  ] as const)('the end of a query whose provider says %s', async (code) => {
    const client = await connect(negotiated, [
      new AgentSocketError(code, 'As it says', code === 'provider_rate_limited' ? { retryAfterMs: 100 } : {}),
    ]);
    const later = code === 'provider_rate_limited' ? ',"retry_after_ms":100' : '';
    await expectFrames(
      client,
      ['{"type":"agent_query","query":"1234"}'],
      seen(
        '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
        '{"type":"status","status":"processing","timestamp":T,"run_id":"uuid-1","seq":1}',
        `{"type":"error","error":"As it says","timestamp":T,"code":"${code}","retryable":${ERROR_CODES[code].retryable}${later},"finish_reason":"error","usage":{"input_tokens":1,"output_tokens":0,"estimated":true},"run_id":"uuid-1","seq":2}`,
      ),
    );
  });

  it('the refusals of a run: too_many_runs, run_id_conflict, run_expired', async () => {
    const client = await connect(negotiated, [never]);
    client.sendRaw(`{"type":"streaming_query","query":"q","run_id":"${RUN}"}`);
    await client.next('stream_start');
    await expectFrames(
      client,
      ['{"type":"agent_query","query":"q"}', `{"type":"agent_query","query":"q","run_id":"${RUN}"}`],
      [
        '{"type":"error","error":"This connection reads 1 runs already","timestamp":T,"code":"too_many_runs","retryable":true}',
        '{"type":"error","error":"A run with this id was asked for with other content","timestamp":T,"code":"run_id_conflict","retryable":false,"run_id":"uuid-1"}',
      ],
    );
    client.sendRaw('{"type":"cancel"}');
    await client.next('cancelled', ({ outcome }) => outcome === 'cancelled');
    await expectFrames(
      client,
      [`{"type":"streaming_query","query":"q","run_id":"${RUN}"}`],
      [
        '{"type":"error","error":"A run with this id ended and its output is gone; it is not executed again","timestamp":T,"code":"run_expired","retryable":false,"run_id":"uuid-1"}',
      ],
    );
  });

  it('a server that goes', async () => {
    const provider = createScriptedProvider(['1234', never]);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url, { negotiate: negotiated });
    client.sendRaw('{"type":"streaming_query","query":"1234"}');
    await client.next('stream_chunk');
    const since = client.frames.length;
    await server.agent.close();
    await client.closed;
    const farewell = normalise(client.frames.slice(since)).map((frame) => frame.replace(/ms":\d+/, 'ms":N'));
    expect(farewell).toEqual([
      ...(negotiated ? ['{"type":"going_away","timestamp":T,"reconnect_after_ms":N}'] : []),
      '{"type":"error","error":"The server stopped before the answer was complete","timestamp":T,"code":"run_interrupted","retryable":true,"finish_reason":"error","usage":{"input_tokens":1,"output_tokens":1,"estimated":true},"run_id":"uuid-1","seq":3}',
    ]);
  });
});
