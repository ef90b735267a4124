import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentClient, type AgentClient, type ClientRun } from '../../../src/client/index.js';
import { FakeSocket } from './fake-socket.js';

let client: AgentClient;
let run: ClientRun;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  FakeSocket.opened = [];
  client = createAgentClient({ url: 'ws://localhost', WebSocket: FakeSocket });
  run = client.stream('x');
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const codeOf = (broken: PromiseLike<unknown>) =>
  Promise.resolve(broken).catch((error: unknown) => (error as { code: string }).code);

describe('a message that breaks the protocol ends the connection, and throws at nobody', () => {
  it.each([
    ['no limits', { limits: undefined }],
    ['limits that are null', { limits: null }],
  ])('a greeting with %s', async (_case, fields) => {
    FakeSocket.last.greet(fields);
    expect(await codeOf(run)).toBe('protocol_error');
    expect([client.state, FakeSocket.last.closedWith]).toEqual(['closed', [4000]]);
  });

  it.each([
    ['a result whose error is null', { type: 'stream_tool_result', error: null, seq: 1 }],
    ['usage that is null', { type: 'stream_end', usage: null, seq: 1 }],
    ['approvals that are no list', { type: 'resumed', pending_approvals: 5 }],
    ['an approval that is null', { type: 'resumed', pending_approvals: [null] }],
  ])('%s', async (_case, message) => {
    FakeSocket.last.greet();
    FakeSocket.last.say({ run_id: run.id, ...message });
    expect(await codeOf(run)).toBe('protocol_error');
    expect(client.state).toBe('closed');
  });
});

describe('a time the server tells', () => {
  it.each([
    [1e15, 300_500],
    ['soon', 500],
    [-5, 500],
    [Number.NaN, 500],
  ])('keeps clients away for no longer than a timer and a person can wait: %s', (told, expected) => {
    const waits: number[] = [];
    client.on('reconnecting', ({ delayMs }) => waits.push(delayMs));
    FakeSocket.last.greet();
    FakeSocket.last.say({ type: 'going_away', reconnect_after_ms: told });
    FakeSocket.last.end(1012);
    expect(waits).toEqual([expected]);
  });

  it.each([
    [1e9, 3_600_000, 0],
    [-1, 29_999, 0],
    [-1, 30_000, 1],
    [1e-9, 1_000, 10],
  ])('of %s s makes it ask as often as makes sense: in %s ms %s times', (heartbeat_seconds, ms, times) => {
    FakeSocket.last.greet({ limits: { heartbeat_seconds } });
    const pings = () => FakeSocket.last.sent.filter(({ type }) => type === 'ping').length;
    for (let passed = 0; passed < ms; passed += Math.min(1_000, ms)) {
      for (let part = 0; part < Math.min(1_000, ms); part += 100) {
        vi.advanceTimersByTime(Math.min(100, ms - passed - part));
        if (pings() > 0 && times > 1) FakeSocket.last.say({ type: 'pong' });
      }
    }
    expect(pings()).toBeLessThanOrEqual(times);
    if (times === 1) expect(pings()).toBe(1);
  });

  it('makes a watch that is refused for the moment no storm', async () => {
    client.conversation('c').watch(() => undefined);
    FakeSocket.last.greet();
    const asked = () => FakeSocket.last.sent.filter(({ type }) => type === 'watch');
    for (let i = 0; i < 100; i++) {
      const { request_id } = asked().at(-1) ?? {};
      FakeSocket.last.say({ type: 'error', code: 'rate_limited', retryable: true, retry_after_ms: 0, request_id });
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(asked().length).toBeGreaterThan(1);
    expect(asked().length).toBeLessThanOrEqual(11);
  });
});

it('joins a room ten times a second at most where the server leaves holes behind every message', async () => {
  void client.room('r').join();
  FakeSocket.last.greet();
  const joins = () => FakeSocket.last.sent.filter(({ type }) => type === 'join');
  for (let answered = 0, passed = 0; passed < 1_000; passed += 10) {
    for (const { after = 0, request_id } of joins().slice(answered)) {
      answered++;
      FakeSocket.last.say({ type: 'room_joined', room: 'r', epoch: 'e', after, head: 99, member_id: 'm', request_id });
      FakeSocket.last.say({ type: 'room_event', room: 'r', seq: Number(after) + 2, message_id: 'x', created_at: 1 });
    }
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(joins().length).toBeGreaterThan(5);
  expect(joins().length).toBeLessThanOrEqual(11);
});

it('asks for a token twice a second at most where the server says again and again that it ends', async () => {
  const token = vi.fn(() => 't');
  const renewing = createAgentClient({ url: 'ws://localhost', WebSocket: FakeSocket, token });
  void renewing.connect();
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.greet();
  for (let passed = 0; passed < 2_000; passed += 10) {
    FakeSocket.last.say({ type: 'auth_expiring', expires_in_ms: 0 });
    await vi.advanceTimersByTimeAsync(10);
    const { type, request_id } = FakeSocket.last.sent.at(-1) ?? {};
    if (type === 'auth') FakeSocket.last.say({ type: 'authenticated', request_id });
  }
  renewing.close();
  // One of them for the connection.
  expect(token.mock.calls.length).toBeGreaterThan(3);
  expect(token.mock.calls.length).toBeLessThanOrEqual(5);
});

it('reads on ten times a second at most where the server leaves holes behind every message', () => {
  FakeSocket.last.greet();
  const resumes = () => FakeSocket.last.sent.filter(({ type }) => type === 'resume');
  const chunk = (seq: number) => FakeSocket.last.say({ type: 'stream_chunk', content: 'x', run_id: run.id, seq });
  chunk(1);
  chunk(3);
  for (let answered = 0, passed = 0; passed < 1_000; passed += 10) {
    for (const { after, request_id } of resumes().slice(answered)) {
      answered++;
      FakeSocket.last.say({ type: 'resumed', run_id: run.id, after, head: 99, state: 'running', request_id });
      chunk(Number(after) + 1);
      chunk(Number(after) + 3);
    }
    vi.advanceTimersByTime(10);
  }
  expect(run.state).toBe('running');
  expect(resumes().length).toBeGreaterThan(5);
  expect(resumes().length).toBeLessThanOrEqual(11);
});
