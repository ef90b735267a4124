import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentClient, type RunEvent } from '../../src/client/index.js';
import { runCli, startCli, type CliProcess } from '../helpers/cli-process.js';
import { runHere } from '../helpers/command-here.js';
import { missingRedis, redisServerOfFile } from '../helpers/redis.js';

const missing = missingRedis();
const JSON_LOG = ['--log-format', 'json', '--log-ids', 'full'];
const SECRET = 'a-secret-of-the-cluster';
const OLDER_SECRET = 'an-older-secret-of-it';
const PASSWORD = 'pass%word/of@redis';

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'agent-ws-')), 'secret');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
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
  const server = redisServerOfFile({ settings: { requirepass: PASSWORD } });
  let shared: string[] = [];
  let service: CliProcess;
  let url = '';
  let end: (() => Promise<void>) | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'agent-ws-'));

  beforeAll(async () => {
    shared = [
      '--redis',
      `redis://127.0.0.1:${server.port}`,
      '--redis-password-file',
      fileWith(`${PASSWORD}\n`),
      '--redis-prefix',
      'mine',
    ];
    const ofService = ['--run', 'queue', '--cluster-secret-file', fileWith(`${SECRET}\n${OLDER_SECRET}\n`)];
    service = startCli(['serve', '--port', '0', ...JSON_LOG, ...shared, ...ofService], {
      cwd: folder,
      onStarted: (stop) => (end = stop),
    });
    const { port } = await service.log('Listening');
    url = `ws://127.0.0.1:${String(port)}/ws/agent`;
  });
  afterAll(async () => {
    await end?.();
    rmSync(folder, { recursive: true });
  });

  async function startWorker(...args: string[]): Promise<{ worker: CliProcess; origin: string }> {
    const secret = args.includes('--cluster-secret-file') ? [] : ['--cluster-secret-file', fileWith(SECRET)];
    const worker = startCli(['worker', '--health', '0', ...JSON_LOG, ...shared, ...secret, ...args]);
    const { port } = await worker.log('Taking runs from the line');
    return { worker, origin: `http://127.0.0.1:${String(port)}` };
  }

  it('executes the runs of a service, which tells their places until then, and logs no secret', async () => {
    const client = connect(url);
    const runs = [1, 2, 3].map((n) => client.stream(`What is ${n} + 456?`));
    const events: RunEvent[][] = runs.map(() => []);
    for (const [i, run] of runs.entries()) run.subscribe((event) => void events[i]?.push(event));
    await vi.waitFor(() => expect(events.map((all) => placesOf(all).at(-1))).toEqual([1, 2, 3]));

    const { worker, origin } = await startWorker('--concurrency', '1');
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
    for (const { stdout, stderr } of [service, worker]) {
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), SECRET, OLDER_SECRET]) {
        expect(stdout + stderr).not.toContain(secret);
      }
    }
  });

  it('takes no more runs when it is stopped, and finishes the one that it has', async () => {
    const { worker } = await startWorker('--concurrency', '1', '--provider', 'demo');
    const client = connect(url);
    const first = client.stream('What can you do?');
    await vi.waitFor(() => expect(first.state).toBe('running'));
    const second = client.stream('What is 1 + 2?');
    await vi.waitFor(() => expect(second.state).not.toBe('sending'));
    worker.kill('SIGTERM');
    await worker.log(/^Stopping/);
    expect((await first).finishReason).toBe('stop');
    expect(await worker.exited).toBe(0);
    expect(second.state).toBe('queued');
    await startWorker();
    expect((await second).text).toContain('3');
  });

  it('ignores tickets of others', async () => {
    const client = connect(url);
    const run = client.stream('What is 1 + 2?');
    await vi.waitFor(() => expect(run.state).toBe('queued'));
    const { worker } = await startWorker('--cluster-secret-file', fileWith('another secret than this'));
    await worker.log(/not signed/);
    expect(run.state).toBe('queued');
  });
});

describe('agent-ws with a Redis that does not answer', () => {
  it('says that it waits', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const command = startCli(['serve', '--redis', `redis://:hidden@127.0.0.1:${port}`, ...JSON_LOG]);
    expect(await command.log(/Waiting for Redis/)).toMatchObject({ redis: `127.0.0.1:${port}` });
    command.kill('SIGKILL');
    await command.exited;
  });

  it('says that there is no Redis at an address, and ends', async () => {
    const { code, stderr } = await runCli(['worker', '--redis', 'redis://localhost:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^--redis: No connection to Redis could be made: .*ECONNREFUSED.*\n$/);
  });

  // Which settings are refused, and why, is in test/unit/cli/redis.test.ts.
  it('refuses settings that are wrong', async () => {
    const { code, stderr } = await runHere(['worker']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^--redis: a worker takes its runs from Redis; add --redis URL\n$/);
  });
});
