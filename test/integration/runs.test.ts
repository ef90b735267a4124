import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { calculator, type LlmPart } from '../../src/index.js';
import { CORE_TYPES, TERMINAL_TYPES, serverMessages } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"6*7"}' };
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Thinks, calls a tool, and answers, with pauses between. */
const everything = createScriptedProvider((request) =>
  request.messages.some(({ role }) => role === 'tool')
    ? ['It ', tick(), 'is ', tick(), '42']
    : [{ type: 'reasoning-delta', text: 'Hm' }, tick(), 'Wait. ', tick(), call],
);

describe.each([true, false])('Runs of a client (negotiated: %s)', (negotiate) => {
  it('go on side by side, each complete, with pings answered between', async () => {
    const server = await startServer({ provider: everything, tools: [calculator] });
    const client = await TestClient.connect(server.url, { negotiate });
    const requests = Array.from({ length: 12 }, (_, i) => {
      const ids = { run_id: randomUUID(), request_id: `r${i}` };
      if (i % 3 === 0) return { type: 'streaming_query', query: `q${i}`, ...ids };
      if (i % 3 === 1) return { type: 'agent_query', query: `q${i}`, ...ids };
      return { type: 'tool_call', tool_name: 'calculator', params: { expression: `${i}*2` }, ...ids };
    });
    for (const request of requests) {
      client.send(request);
      client.send({ type: 'ping' });
    }
    await vi.waitFor(() => {
      const ends = client.messages.filter(({ type }) => TERMINAL_TYPES.has(type));
      expect(ends).toHaveLength(requests.length);
      expect(client.all('pong')).toHaveLength(requests.length);
    });
    for (const message of client.messages) {
      expect(serverMessages[message.type].safeParse(message)).toMatchObject({ success: true });
      if (!negotiate) expect([...CORE_TYPES]).toContain(message.type);
    }
    for (const { run_id: runId, request_id: requestId, type } of requests) {
      const ofRun = client.messages.filter((message) => 'run_id' in message && message.run_id === runId);
      const inRun = ofRun.filter((message) => 'seq' in message && message.seq !== undefined);
      expect(TERMINAL_TYPES.has(inRun.at(-1)?.type ?? '')).toBe(true);
      expect(inRun.filter((message) => TERMINAL_TYPES.has(message.type))).toHaveLength(1);
      // Only `accepted` and the first message repeat the id of the asker.
      const echoes = ofRun.map((message) => 'request_id' in message && message.request_id === requestId);
      expect(echoes.filter(Boolean)).toHaveLength(negotiate ? 2 : 1);
      expect(echoes.slice(0, negotiate ? 2 : 1).every(Boolean)).toBe(true);
      if (negotiate) {
        let position = 0;
        for (const message of inRun) {
          const { seq, first_seq: first } = message as { seq: number; first_seq?: number };
          expect(first ?? seq).toBe(position + 1);
          position = seq;
        }
      }
      if (type === 'streaming_query') expect(client.text(runId)).toBe('Wait. It is 42');
    }
    expect(server.agent.runs.size).toBe(0);
  });

  it('never tell a client of another one', async () => {
    const server = await startServer({ provider: everything, tools: [calculator] });
    const [client, other] = [
      await TestClient.connect(server.url, { negotiate }),
      await TestClient.connect(server.url, { negotiate }),
    ];
    client.send({ type: 'streaming_query', query: 'q', request_id: 'mine' });
    await client.next('stream_end');
    other.send({ type: 'ping' });
    await other.next('pong');
    expect(other.messages.map(({ type }) => type)).toEqual(['connected', 'pong']);
  });

  it('have time stamps that never go back', async () => {
    const server = await startServer({ provider: everything, tools: [calculator] });
    const client = await TestClient.connect(server.url, { negotiate });
    const request = { type: 'streaming_query', query: 'q', run_id: randomUUID() };
    client.send(request);
    await client.next('stream_end');
    client.send({ type: 'ping' });
    await client.next('pong');
    const since = client.messages.length;
    client.send(request);
    await client.next('stream_end', () => true, since);
    const times = client.messages.flatMap((message) => ('timestamp' in message ? [message.timestamp] : []));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs(Date.now() / 1000 - (times[0] ?? 0))).toBeLessThan(60);
  });
});
