import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LlmProvider } from '../../src/index.js';
import { createSqliteStore } from '../../src/stores/sqlite.js';
import { TestClient } from '../../src/testing/index.js';
import { RunReader, type Wire } from '../helpers/resume/run-reader.js';
import { Answer, SteppedProvider } from '../helpers/resume/stepped-provider.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { leftBy, temporaryDatabase } from '../helpers/sqlite.js';

async function startDurable(path: string, provider: LlmProvider): Promise<TestServer> {
  const store = await createSqliteStore({ path });
  const server = await startServer({ provider, store });
  onTestFinished(() => store.close());
  return server;
}

describe('a power loss under durability "normal"', () => {
  it.each([1, 2, 5])('that takes %i messages a client has seen leaves it with what there is', async (lost) => {
    const path = temporaryDatabase();
    const provider = new SteppedProvider();
    const answer = new Answer(Array.from({ length: 20 }, (_, i) => ({ type: 'text-delta', text: `${i} ` })));
    provider.answers.set('q', answer);
    const before = await startDurable(path, provider);
    const client = await TestClient.connect(before.url);
    const runId = randomUUID();
    const reader = new RunReader(runId);
    client.send({ ...reader.query('q') });
    // One by one, so that each is a message.
    const seePiece = async (piece: number): Promise<void> => {
      answer.release(1);
      await client.next('stream_chunk', ({ content }) => content === `${piece} `);
    };
    for (let piece = 0; piece < 4; piece++) await seePiece(piece);
    const disk = leftBy(path);
    for (let piece = 4; piece < 4 + lost; piece++) await seePiece(piece);
    for (const message of client.messages) reader.receive(message as Wire);
    expect(reader.text('stream_chunk')).toBe('0 1 2 3 4 5 6 7 8 '.slice(0, 2 * (4 + lost)));
    await client.close();
    reader.disconnected();

    const after = await startDurable(disk, provider);
    const back = await TestClient.connect(after.url);
    back.send({ ...reader.resume() });
    await back.next('error');
    for (const message of back.messages) reader.receive(message as Wire);
    expect(reader.end).toBe('error');
    expect(reader.text('stream_chunk')).toBe('0 1 2 3 ');
  });
});
