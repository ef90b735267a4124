import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient, type AgentClient } from '../../src/client/index.js';
import { TestClient } from '../../src/testing/index.js';
import { startCli, type CliProcess } from '../helpers/cli-process.js';
import { freePort } from '../helpers/free-port.js';
import { missing, startBalancer } from '../helpers/proxies.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { IS_LONG } from '../helpers/schedules.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const redis = redisOfFile();

const NODES = 3;

/** How many of them are replaced. */
const REPLACED = IS_LONG ? NODES : 2;

/** In the long tests as many as a busy service has. */
const CLIENTS = IS_LONG ? 1_000 : 24;
const STREAMS = IS_LONG ? 60 : 6;
/** New connections while a node ends. */
const NEW = 20;

const TOKENS = 24;
const ANSWER = Array.from({ length: TOKENS }, (_, index) => `<${index}>`).join('');

/** A model that takes a few seconds, and writes a line into a file whenever it is asked. */
const provider = (asked: string): string => `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as delay } from 'node:timers/promises';
  export const provider = {
    vendor: 'slow',
    async *stream(request, signal) {
      appendFileSync(${JSON.stringify(asked)}, 'asked\\n');
      for (let index = 0; index < ${TOKENS}; index++) {
        yield { type: 'text-delta', text: '<' + index + '>' };
        await delay(100);
      }
    },
  };
`;

/** Close codes of all connections, in order. */
class Recorder {
  readonly codes: number[] = [];
  /** Connections of each client so far. */
  readonly counts = new Map<AgentClient, number>();

  connect(url: string): AgentClient {
    const { codes, counts } = this;
    class Recorded extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols);
        counts.set(client, (counts.get(client) ?? 0) + 1);
        this.once('close', (code) => codes.push(code));
      }
    }
    const client: AgentClient = createAgentClient({ url, WebSocket: Recorded });
    onTestFinished(() => client.close());
    return client;
  }
}

const reason = missing('haproxy') + missingRedis();

it.skipIf(reason !== '')(
  `replaces ${REPLACED} of ${NODES} nodes behind HAProxy: no answer is interrupted, no connection ends abnormally, no new one is lost${reason}`,
  { timeout: IS_LONG ? 900_000 : 240_000 },
  async () => {
    const folder = temporaryDirectory();
    const asked = join(folder, 'asked');
    writeFileSync(join(folder, 'provider.mjs'), provider(asked));
    const ports = await Promise.all(Array.from({ length: NODES }, freePort));
    const start = async (port: number): Promise<CliProcess> => {
      const flags = [
        '--redis',
        redis.url,
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--provider',
        './provider.mjs',
      ];
      const limits = ['--trusted-proxies', '127.0.0.1', '--rate-limits', 'off', '--max-address-runs', '1000'];
      const node = startCli(['serve', ...flags, ...limits], { cwd: folder });
      await node.log('Listening');
      return node;
    };
    const nodes = await Promise.all(ports.map(start));
    const balancer = await startBalancer('haproxy', ports);
    const url = `ws://127.0.0.1:${balancer}/ws/agent`;

    const recorder = new Recorder();
    const clients = Array.from({ length: CLIENTS }, () => recorder.connect(url));
    for (let from = 0; from < CLIENTS; from += 50) {
      await Promise.all(clients.slice(from, from + 50).map((client) => client.ping()));
    }
    const finishes: (string | undefined)[] = [];
    for (const [index, port] of ports.slice(0, REPLACED).entries()) {
      const runs = clients.slice(0, STREAMS).map((client) => client.stream('Go'));
      await expect.poll(() => runs.every(({ text }) => text !== ''), { timeout: 30_000 }).toBe(true);
      nodes[index]?.kill('SIGTERM');
      const late = await Promise.all(Array.from({ length: NEW }, () => TestClient.connect(url, { timeoutMs: 30_000 })));
      for (const run of runs) expect((await run).text).toBe(ANSWER);
      finishes.push(...runs.map(({ text }) => text));
      expect(await nodes[index]?.exited).toBe(0);
      await Promise.all(late.map((client) => client.close()));
      if (index + 1 < REPLACED) nodes[index] = await start(port);
    }

    expect(finishes).toHaveLength(REPLACED * STREAMS);
    // Nothing was started a second time.
    expect(readFileSync(asked, 'utf8').match(/asked/g)).toHaveLength(REPLACED * STREAMS);
    expect(recorder.codes.length).toBeGreaterThan(0);
    expect(new Set(recorder.codes)).toEqual(new Set([1012]));
    expect(Math.max(...recorder.counts.values())).toBeLessThanOrEqual(1 + REPLACED);
    expect(nodes.flatMap(({ lines }) => lines).filter(({ level }) => level === 'error')).toEqual([]);
  },
);
