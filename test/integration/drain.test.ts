import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TERMINAL_TYPES } from '../../src/protocol/index.js';
import { TestClient } from '../../src/testing/index.js';
import { startCli, type LogLine } from '../helpers/cli-process.js';
import { startServer } from '../helpers/server.js';

/** In the long tests as many as the limit of the command. */
const CLIENTS = process.env['TEST_PARTS'] === '1' ? 1_000 : 100;
/** One client in twenty reads a stream. */
const STREAMS = CLIENTS / 20;

/** What the command promises to a container, in milliseconds. */
const MAX_STOP_MS = 10_000;

function timeOf(line: LogLine | undefined): number {
  return Date.parse(String(line?.['time']));
}

/** Connects a few clients at a time. */
async function connectAll(url: string): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  while (clients.length < CLIENTS) {
    const some = Array.from({ length: Math.min(50, CLIENTS - clients.length) }, () => TestClient.connect(url));
    clients.push(...(await Promise.all(some)));
  }
  return clients;
}

/** The error code of a new TCP connection, or `connected`. */
async function tryToConnect(port: number): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  } finally {
    socket.destroy();
  }
}

describe(`a command with ${CLIENTS} clients and ${STREAMS} streams`, () => {
  it('stops in time, loses no message, ends no connection abnormally and accepts no new one', async () => {
    const cli = startCli(['serve', '--host', '127.0.0.1', '--port', '0']);
    const url = String((await cli.log('Listening'))['endpoint']);
    const port = Number(new URL(url).port);
    const clients = await connectAll(url);
    const readers = clients.slice(0, STREAMS);
    for (const client of readers) client.send({ type: 'streaming_query', query: 'Tell me a long story' });
    await Promise.all(readers.map((client) => client.next('stream_chunk')));

    cli.kill('SIGTERM');
    await clients[0]?.next('going_away');
    expect(await tryToConnect(port)).toBe('ECONNREFUSED');
    const closes = await Promise.all(clients.map(({ closed }) => closed));
    expect(await cli.exited).toBe(0);
    const last = cli.lines.at(-1);
    // On a very busy machine the time may be over before the last client has answered.
    expect(last?.msg).toMatch(/^Stopped/);
    const stopping = cli.lines.find(({ msg }) => msg.startsWith('Stopping'));
    expect(timeOf(last) - timeOf(stopping)).toBeLessThan(MAX_STOP_MS + 1_000);

    expect([...new Set(closes.map(({ code }) => code))]).toEqual([1012]);
    for (const client of clients) expect(client.all('going_away')).toHaveLength(1);
    for (const client of readers) {
      const ofRun = client.messages.flatMap((message) =>
        'seq' in message && typeof message.seq === 'number'
          ? [message as { type: string; seq: number; first_seq?: number }]
          : [],
      );
      // Every message of the run came, up to its last one.
      let next = 1;
      for (const { seq, first_seq: first = seq } of ofRun) {
        expect(first).toBe(next);
        next = seq + 1;
      }
      const { type = '' } = ofRun.at(-1) ?? {};
      expect(TERMINAL_TYPES.has(type)).toBe(true);
    }
  });
});

it('closes connections a few at a time', async () => {
  const { agent, url } = await startServer();
  const clients = await Promise.all(Array.from({ length: 100 }, () => TestClient.connect(url)));
  const leftAt: number[] = [];
  agent.connections.on('disconnect', () => leftAt.push(performance.now()));
  await agent.close({ closeCode: 'draining' });
  await Promise.all(clients.map(({ closed }) => closed));
  // 2 ms for each of them; a busy machine takes longer, but the first step is early.
  expect((leftAt.at(-1) ?? 0) - (leftAt[0] ?? 0)).toBeGreaterThan(50);
});
