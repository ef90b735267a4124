import { describe, expect, it, vi } from 'vitest';
import type { LlmPart, LlmProvider } from '../../src/index.js';
import { TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const WORD = 'x'.repeat(999) + ' ';

/** Streams numbered words as fast as they are taken, for ever or for so many. */
function fast(words = Infinity): LlmProvider & { yielded: number; ended: boolean } {
  return {
    vendor: 'fast',
    yielded: 0,
    ended: false,
    async *stream(): AsyncGenerator<LlmPart> {
      try {
        while (this.yielded < words) {
          if (this.yielded % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
          this.yielded++;
          yield { type: 'text-delta', text: `${this.yielded} ${WORD}` };
        }
      } finally {
        this.ended = true;
      }
    },
  };
}

const expected = (words: number): string => Array.from({ length: words }, (_, i) => `${i + 1} ${WORD}`).join('');

async function ping(client: TestClient): Promise<void> {
  const since = client.messages.length;
  client.send({ type: 'ping' });
  await client.next('pong', () => true, since);
}

/** Waits until the provider has not been asked for more during 20 pings of another client. */
async function paused(provider: { yielded: number }, other: TestClient): Promise<number> {
  for (;;) {
    const before = provider.yielded;
    for (let i = 0; i < 20; i++) await ping(other);
    if (provider.yielded === before) return before;
  }
}

describe('A client that stops reading', () => {
  it('pauses the provider, disturbs nobody, and is closed and cancelled in the end', async () => {
    const provider = fast();
    const server = await startServer({
      provider,
      slowConsumerMs: 2_000,
      // Nobody comes back.
      detachGraceMs: 0,
      maxRunBytes: 1e9,
      // The other client pings as fast as it can.
      rateLimits: false,
    });
    const [slow, other] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    slow.send({ type: 'streaming_query', query: 'q' });
    await slow.next('stream_chunk');
    slow.socket.pause();
    const [connection] = [...server.agent.connections].filter(({ readers }) => readers.size > 0);
    let words: number | undefined;
    server.agent.connections.on('disconnect', (gone) => {
      if (gone === connection) words = provider.yielded;
    });
    let unsent = 0;
    while (words === undefined) {
      unsent = Math.max(unsent, connection?.bufferedAmount ?? 0);
      await ping(other);
    }
    // What the sockets of the system take, and the mark: far below an endless stream.
    expect(words * WORD.length).toBeLessThan(16_000_000);
    expect(unsent).toBeLessThan(600_000);
    await vi.waitFor(() => expect(provider.ended).toBe(true));
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(0));
    slow.socket.resume();
    expect([4508, 1006]).toContain((await slow.closed).code);
    await ping(other);
    expect(other.socket.readyState).toBe(1);
  });

  it('gets everything exactly where it goes on in time', async () => {
    const provider = fast(20_000);
    const server = await startServer({ provider, maxRunBytes: 1e9, rateLimits: false });
    const [slow, other] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    slow.send({ type: 'streaming_query', query: 'q' });
    const { run_id: runId } = await slow.next('stream_chunk');
    for (let i = 0; i < 3; i++) {
      slow.socket.pause();
      await paused(provider, other);
      slow.socket.resume();
    }
    await slow.next('stream_end');
    expect(slow.text(runId) === expected(20_000)).toBe(true);
    let position = 1;
    for (const { seq, first_seq: first = seq } of slow.all('stream_chunk')) {
      expect(first).toBe(position + 1);
      position = seq;
    }
  });

  it('does not pause the provider for a reader that keeps up', async () => {
    const provider = fast(10_000);
    const server = await startServer({ provider, maxRunBytes: 1e9, rateLimits: false });
    const [slow, quick] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const request = { type: 'streaming_query', query: 'q', run_id: '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d' };
    quick.send(request);
    await quick.next('stream_chunk');
    slow.send(request);
    await slow.next('stream_chunk');
    slow.socket.pause();
    await quick.next('stream_end');
    expect(quick.text(request.run_id) === expected(10_000)).toBe(true);
    slow.socket.resume();
    await slow.next('stream_end');
    expect(slow.text(request.run_id) === expected(10_000)).toBe(true);
  });

  it('is served whatever the mark', async () => {
    const server = await startServer({ provider: fast(100), backpressureBytes: 1 });
    const client = await TestClient.connect(server.url);
    client.send({ type: 'streaming_query', query: 'q' });
    const { run_id: runId } = await client.next('stream_end');
    expect(client.text(runId)).toBe(expected(100));
  });
});
