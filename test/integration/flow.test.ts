import { describe, expect, it, vi } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { frame, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

/** What one read of the system brings at most: thousands of messages. */
const CHUNK_BYTES = 65_536;

function blockOf(one: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: Math.floor(CHUNK_BYTES / one.length) }, () => one));
}

describe.each([
  ['pings', JSON.stringify({ type: 'ping' }), OPCODE.text],
  ['single characters', 'x', OPCODE.text],
])('connections that flood %s', (_name, payload, opcode) => {
  it('get a slice of each turn of the event loop, and others their answers between', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const flooders = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(port)));
    const block = blockOf(frame(opcode, payload));
    // Messages of one connection in this turn, and the most in any turn.
    const inTurn = new Map<string, number>();
    let most = 0;
    let total = 0;
    let isOver = false;
    const nextTurn = (): void => {
      inTurn.clear();
      if (!isOver) setImmediate(nextTurn);
    };
    nextTurn();
    agent.connections.on('message', ({ id }) => {
      const count = (inTurn.get(id) ?? 0) + 1;
      inTurn.set(id, count);
      most = Math.max(most, count);
      total++;
    });
    for (const { socket } of flooders) {
      socket.on('data', () => undefined);
      const write = (error?: Error | null): void => {
        if (!error && !isOver && !socket.destroyed) socket.write(block, write);
      };
      write();
    }
    for (let i = 0; i < 20; i++) {
      const since = witness.messages.length;
      witness.send({ type: 'ping' });
      await witness.next('pong', () => true, since);
    }
    await vi.waitFor(() => expect(total).toBeGreaterThan(5_000));
    isOver = true;
    for (const { socket } of flooders) socket.destroy();
    expect(most).toBeLessThan(1_000);
  });
});
