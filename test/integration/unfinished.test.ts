import { describe, expect, it, vi } from 'vitest';
import { frame, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

const MIB = 1_048_576;

/** All but the last byte of a message as large as the server takes. */
const UNFINISHED = frame(OPCODE.text, 'x'.repeat(MIB)).subarray(0, -1);

/** A message whose last part is still to come. */
const QUERY = frame(OPCODE.text, JSON.stringify({ type: 'streaming_query', query: 'Hi' }));

describe('messages whose end never comes', () => {
  it('hold no more than the share of an address, and the rest is as before', async () => {
    const { agent, port } = await startServer();
    const held = (): number => [...agent.connections].reduce((sum, { unfinishedBytes }) => sum + unfinishedBytes, 0);
    const honest = await RawClient.open(port, { localAddress: '127.0.0.3' });
    honest.socket.write(QUERY.subarray(0, 10));
    await vi.waitFor(() => expect(held()).toBe(10));

    const flood: RawClient[] = [];
    const closed: number[] = [];
    agent.connections.on('disconnect', (_, { code }) => void closed.push(code));
    for (let i = 0; i < 16; i++) flood.push(await RawClient.open(port, { localAddress: '127.0.0.2' }));
    for (const client of flood) client.socket.write(UNFINISHED);
    await vi.waitFor(() => expect(held()).toBeGreaterThan(16 * (MIB - 1)));
    expect(flood.every(({ close }) => close === undefined)).toBe(true);

    const more = await Promise.all(
      Array.from({ length: 24 }, () => RawClient.open(port, { localAddress: '127.0.0.2' })),
    );
    for (const client of more) client.socket.write(UNFINISHED);
    await vi.waitFor(() => expect(closed).toHaveLength(24));
    expect(new Set(closed)).toEqual(new Set([1013]));
    await vi.waitFor(() => expect(held()).toBeLessThanOrEqual(16 * (MIB + 16)));
    expect(held()).toBeGreaterThan(15 * MIB);
    const told = flood.find(({ close }) => close !== undefined)?.close;
    expect(told).toEqual({ code: 1013, reason: 'Too many unfinished messages' });

    honest.socket.write(QUERY.subarray(10));
    await vi.waitFor(() => expect(honest.messages.at(-1)).toMatchObject({ type: 'stream_end' }));
    expect(honest.close).toBeUndefined();
  });

  it('are given up one by one, also if one alone exceeds the share', async () => {
    const { agent, port } = await startServer({ maxMessageBytes: 16 * MIB });
    const clients: RawClient[] = [];
    const big = frame(OPCODE.text, 'x'.repeat(16 * MIB)).subarray(0, -1);
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(port);
      client.socket.write(big);
      clients.push(client);
    }
    await vi.waitFor(() => expect(agent.connections.size).toBe(2));
    for (const client of clients) client.socket.destroy();
    await vi.waitFor(() => expect(agent.connections.size).toBe(0));
    const late = await RawClient.open(port);
    late.socket.write(QUERY);
    await vi.waitFor(() => expect(late.messages.at(-1)).toMatchObject({ type: 'stream_end' }));
  });
});
