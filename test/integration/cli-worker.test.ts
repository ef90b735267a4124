import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentClient, type RunEvent } from '../../src/client/index.js';
import { startCli, type CliProcess } from '../helpers/cli-process.js';
import { missingRedis, startRedis } from '../helpers/redis.js';

const missing = missingRedis();
const JSON_LOG = ['--log-format', 'json', '--log-ids', 'full'];
const SECRET = 'a-secret-of-the-cluster';
const PASSWORD = 'pass%word/of@redis';

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'agent-ws-')), 'secret');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function startService(args: readonly string[]): Promise<{ service: CliProcess; url: string }> {
  const service = startCli(['serve', '--port', '0', '--run', 'queue', ...JSON_LOG, ...args]);
  const { port } = await service.log('Listening');
  return { service, url: `ws://127.0.0.1:${String(port)}/ws/agent` };
}

async function startWorker(args: readonly string[]): Promise<{ worker: CliProcess; origin: string }> {
  const worker = startCli(['worker', '--health', '0', ...JSON_LOG, ...args]);
  const { port } = await worker.log('Taking runs from the line');
  return { worker, origin: `http://127.0.0.1:${String(port)}` };
}

function connect(url: string) {
  const client = createAgentClient({ url });
  onTestFinished(() => client.close());
  return client;
}

function placesOf(events: readonly RunEvent[]): unknown[] {
  return events.flatMap((event) => (event.type === 'state' && event.place !== undefined ? [event.place] : []));
}

describe.skipIf(missing !== '')(`agent-ws worker${missing}`, () => {
  it('executes the runs of a service, which tells their places until then', async () => {
    const { url: redis } = await startRedis();
    const { service, url } = await startService(['--redis', redis]);
    const client = connect(url);
    const runs = [1, 2, 3].map((n) => client.stream(`What is ${n} + 456?`));
    const events: RunEvent[][] = runs.map(() => []);
    for (const [i, run] of runs.entries()) run.subscribe((event) => void events[i]?.push(event));
    await vi.waitFor(() => expect(events.map((all) => placesOf(all).at(-1))).toEqual([1, 2, 3]), 20_000);

    const { worker, origin } = await startWorker(['--redis', redis, '--concurrency', '1']);
    const answers = await Promise.all(runs);
    for (const [i, { text }] of answers.entries()) expect(text).toContain(String(457 + i));
    expect(service.lines.filter(({ msg }) => msg === 'Run started')).toEqual([]);
    await vi.waitFor(() => {
      const started = worker.lines.filter(({ msg }) => msg === 'Run started').map(({ runId }) => runId);
      expect(started).toEqual(runs.map(({ id }) => id));
    });

    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ status: 'ready' });
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    expect(metrics).toMatch(/^agent_ws_runs_\w*total\{.*\} 3$/m);
    // They were nobody's before.
    expect(metrics).toMatch(/^agent_ws_cluster_reaped_runs_total 0$/m);
    for (const path of ['/docs', '/ws/statistics', '/ws/agent', '/static/test_websocket.html']) {
      expect((await fetch(origin + path)).status, path).toBe(404);
    }
  });

  it('takes no more runs when it is stopped, and finishes the one that it has', async () => {
    const { url: redis } = await startRedis();
    const { url } = await startService(['--redis', redis]);
    const { worker } = await startWorker(['--redis', redis, '--concurrency', '1', '--provider', 'demo']);
    const client = connect(url);
    const first = client.stream('What can you do?');
    await vi.waitFor(() => expect(first.state).toBe('running'), 20_000);
    const second = client.stream('What is 1 + 2?');
    await vi.waitFor(() => expect(second.state).not.toBe('sending'));
    worker.kill('SIGTERM');
    await worker.log(/^Stopping/);
    expect((await first).finishReason).toBe('stop');
    expect(await worker.exited).toBe(0);
    expect(second.state).toBe('queued');
    await startWorker(['--redis', redis]);
    expect((await second).text).toContain('3');
  });

  it('reads password and secrets from files, and logs neither', async () => {
    const server = await startRedis();
    await server.call('CONFIG', 'SET', 'requirepass', PASSWORD);
    const { host } = new URL(server.url);
    const shared = [
      '--redis',
      `redis://${host}`,
      '--redis-password-file',
      fileWith(`${PASSWORD}\n`),
      '--cluster-secret-file',
      fileWith(`${SECRET}\nan-older-secret-of-it\n`),
      '--redis-prefix',
      'mine',
    ];
    const { service, url: endpoint } = await startService(shared);
    const { worker } = await startWorker(shared);
    expect((await connect(endpoint).stream('What is 1 + 2?')).text).toContain('3');
    for (const { stdout, stderr } of [service, worker]) {
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), SECRET]) {
        expect(stdout + stderr).not.toContain(secret);
      }
    }
  });

  it('ignores tickets of others', async () => {
    const { url: redis } = await startRedis();
    const secret = ['--redis', redis, '--cluster-secret-file', fileWith(SECRET)];
    const { url } = await startService(secret);
    const client = connect(url);
    const run = client.stream('What is 1 + 2?');
    await vi.waitFor(() => expect(run.state).toBe('queued'), 20_000);
    const { worker } = await startWorker([
      '--redis',
      redis,
      '--cluster-secret-file',
      fileWith('another secret than this'),
    ]);
    await worker.log(/not signed/);
    expect(run.state).toBe('queued');
  });

  it('says that it waits for a Redis that does not answer', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const command = startCli(['serve', '--redis', `redis://:hidden@127.0.0.1:${port}`, ...JSON_LOG]);
    expect(await command.log(/Waiting for Redis/)).toMatchObject({ redis: `127.0.0.1:${port}` });
    command.kill('SIGKILL');
    await command.exited;
  });

  it.each([
    [['worker'], /^--redis: a worker takes its runs from Redis; add --redis URL\n$/],
    [['serve', '--run', 'queue'], /^--run: workers need a Redis; add --redis URL\n$/],
    [['serve', '--redis-prefix', 'a'], /^--redis-prefix: there is no Redis; add --redis URL\n$/],
    [['worker', '--redis', 'http://:hidden@localhost'], /^--redis: must be an address such as (?!.*hidden).*\n$/],
    [
      ['worker', '--redis', 'redis://localhost:1'],
      /^--redis: No connection to Redis could be made: .*ECONNREFUSED.*\n$/,
    ],
    [['worker', '--redis', 'redis://localhost', '--concurrency', '0'], /^--concurrency: must be .*\n$/],
    [
      ['serve', '--redis', 'redis://localhost', '--store', 'sqlite:a.db'],
      /^--store: the store is already --redis; leave one of them out\n$/,
    ],
    [
      ['worker', '--redis', 'redis://:a@localhost', '--redis-password-file', 'x'],
      /^--redis-password-file: --redis has a password already\n$/,
    ],
    [
      ['worker', '--redis', 'redis://localhost', '--cluster-secret-file', fileWith('short')],
      /^--cluster-secret-file: ".*" must hold secrets of at least 16 characters, one a line\n$/,
    ],
  ])('says what is wrong with %s', async (args, error) => {
    const command = startCli(args);
    expect(await command.exited).toBe(1);
    expect(command.stderr).toMatch(error);
  });
});
