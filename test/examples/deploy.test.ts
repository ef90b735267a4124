import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { TestClient } from '../../src/testing/index.js';
import { missing, type ProxyName, startBalancer } from '../helpers/proxies.js';
import { missingRedis } from '../helpers/redis.js';
import { IS_LONG } from '../helpers/schedules.js';
import { connectTo, startExample, type ConnectOptions, type Example } from './example.js';

/** A node that the script has started. */
interface Node {
  readonly pid: number;
  readonly port: number;
}

async function nodeOf(example: Example, number: number): Promise<Node> {
  const line = await example.printed(`agent-${number}: process \\d+, port \\d+`);
  const [, pid, port] = /process (\d+), port (\d+)/.exec(line) ?? [];
  return { pid: Number(pid), port: Number(port) };
}

/** The ids of the connections of a node. */
async function connectionsOf({ port }: Node): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/ws/statistics`);
  const { connections } = (await response.json()) as { connections: { id: string }[] };
  return connections.map(({ id }) => id);
}

/** The messages of a run that a client has, as the entries of the log that each stands for. */
function spansOf({ messages }: TestClient): { first: number; last: number }[] {
  return messages.flatMap((message) => {
    if (!('seq' in message) || message.seq === undefined) return [];
    const first = 'first_seq' in message ? (message.first_seq ?? message.seq) : message.seq;
    return [{ first, last: message.seq }];
  });
}

type Connect = (options: ConnectOptions) => Promise<TestClient>;

/** Checks that nodes share clients, and that an answer survives the node of its reader. Returns the nodes as they are then. */
async function survives(example: Example, nodes: readonly Node[], connect: Connect): Promise<Node[]> {
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect({ negotiate: true })));
  const mine = new Set(clients.map(({ connected }) => connected.connection_id));
  const ids = await Promise.all(nodes.map(connectionsOf));
  expect(ids.map((all) => all.filter((id) => mine.has(id)).length)).toEqual([2, 2, 2]);

  // The worker answers: the node passes on what it reads.
  const [client] = clients;
  const runId = randomUUID();
  client?.send({ type: 'streaming_query', query: 'Tell me a long story', run_id: runId });
  await client?.next('stream_chunk');
  const victim = ids.findIndex((all) => all.includes(client?.connected.connection_id ?? ''));
  process.kill(nodes[victim]?.pid ?? 0, 'SIGKILL');
  expect((await client?.closed)?.code).toBe(1006);

  const again = await connect({ negotiate: true, timeoutMs: 120_000 });
  const before = client === undefined ? [] : spansOf(client);
  again.send({ type: 'resume', run_id: runId, after: before.at(-1)?.last ?? 0 });
  await vi.waitFor(() => expect(again.all('stream_chunk').length).toBeGreaterThan(10), { timeout: 60_000 });
  again.send({ type: 'cancel', run_id: runId, request_id: 'c' });
  await again.next('cancelled');
  let last = 0;
  for (const span of [...before, ...spansOf(again)]) {
    expect(span.first).toBe(last + 1);
    last = span.last;
  }
  // The script starts the node again, as a service manager does.
  const others = nodes.map(({ pid }) => pid).join('|');
  const port = nodes[victim]?.port ?? 0;
  const line = await example.printed(`process (?!(?:${others}),)\\d+, port ${port}\\n`);
  return nodes.with(victim, { pid: Number(/\d+/.exec(line)?.[0]), port });
}

/** What the script starts. The gate puts nginx in front of the same nodes: starting them takes most of the time. */
const STARTED: readonly ProxyName[] = IS_LONG ? ['haproxy', 'nginx'] : ['haproxy'];
const reason = missing('haproxy') + missing('nginx') + missingRedis();

it.skipIf(reason !== '').each(STARTED)(
  `local.mjs with %s serves any client from any node, also behind the nginx of the examples, and goes on with an answer whose node was killed${reason}`,
  { timeout: 240_000 },
  async (proxy) => {
    const example = await startExample('deploy/local.mjs', {}, ['--proxy', proxy]);
    // Killed, the script would leave behind what it has started.
    onTestFinished(async () => {
      await example.stop();
    });
    const nodes = await Promise.all([1, 2, 3].map((number) => nodeOf(example, number)));
    const left = await survives(example, nodes, (options) => example.connect(options));
    if (proxy !== 'nginx') {
      const ports = nodes.map(({ port }) => port);
      const endpoint = `ws://127.0.0.1:${await startBalancer('nginx', ports)}/ws/agent`;
      await survives(example, left, (options) => connectTo(endpoint, options));
    }
    expect(await example.stop()).toBe(0);
  },
);
