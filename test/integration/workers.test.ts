import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CLIENT_SECRET_PREFIX } from '../../src/protocol/version.js';
import { TestClient } from '../../src/testing/index.js';
import { ROOT } from '../helpers/build.js';
import { runCli, startCli, type CliOptions, type CliProcess, type LogLine } from '../helpers/cli-process.js';
import { freePort } from '../helpers/free-port.js';
import { runHere } from '../helpers/command-here.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const redis = redisOfFile();

const SIZE = 2;

/** Workers of the demo that share a port. */
async function start(...flags: string[]): Promise<{ cli: CliProcess; url: string; origin: string }> {
  return startWith({}, ...flags);
}

async function startWith(
  { env, ...options }: CliOptions,
  ...flags: string[]
): Promise<{ cli: CliProcess; url: string; origin: string }> {
  const place = ['--host', '127.0.0.1', '--port', '0', '--workers', String(SIZE)];
  // A test must not wait for the answers of workers that it leaves behind.
  const cli = startCli(['serve', '--redis', redis.url, ...place, ...flags], {
    ...options,
    env: { AGENT_DRAIN: '3', ...env },
  });
  await cli.log('All workers listen');
  const url = String((await cli.log('Listening'))['endpoint']);
  return { cli, url, origin: new URL(url).origin.replace('ws', 'http') };
}

const linesOf = (cli: CliProcess, msg: string): LogLine[] => cli.lines.filter((line) => line.msg === msg);

const workersOf = (lines: LogLine[]): unknown[] => lines.map(({ worker }) => worker);

async function connectSome(url: string, count: number): Promise<TestClient[]> {
  return Promise.all(Array.from({ length: count }, () => TestClient.connect(url)));
}

it.each([
  ['serve', '--workers', '2'],
  ['serve', '--workers', '2', '--store', 'sqlite:agent.db'],
])('the command refuses workers that share nothing: %s %s %s', async (...args) => {
  // It is refused before anything is started.
  const { code, stderr, stdout } = await runHere(args);
  expect(code).toBe(1);
  expect(stderr).toBe('--workers: the processes must share what they know; add --redis URL\n');
  expect(stdout).toBe('');
});

it('the command refuses a prefix for its workers in words of the operator', async () => {
  const { code, stderr } = await runHere([
    'serve',
    '--workers',
    '2',
    '--redis',
    'redis://localhost',
    '--redis-prefix',
    'a b',
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^--redis-prefix: must be .*\n$/);
});

describe(`workers that share a port${missingRedis()}`, { skip: missingRedis() !== '', timeout: 90_000 }, () => {
  it('share the clients, are measured together, whichever is asked, and end together', async () => {
    const { cli, url, origin } = await start('--metrics');
    const clients = await connectSome(url, 2 * SIZE);
    await vi.waitFor(() => expect(linesOf(cli, 'Connection opened')).toHaveLength(2 * SIZE));
    // A worker that has not answered yet is passed over.
    expect(new Set(workersOf(linesOf(cli, 'Connection opened')))).toEqual(new Set([1, 2]));
    expect(await clients[0]?.ask({ type: 'agent_query', query: '1+1' })).toMatchObject({ type: 'agent_response' });

    const text = await (await fetch(`${origin}/metrics`)).text();
    const limits = [...text.matchAll(/^agent_ws_connections_limit\{worker="(\d)"\} \d+$/gm)].map((match) => match[1]);
    expect(limits.sort()).toEqual(['1', '2']);
    // Each description comes once, as Prometheus wants it.
    expect(text.match(/^# TYPE agent_ws_connections_limit gauge$/gm)).toHaveLength(1);
    expect(text).toMatch(/^agent_ws_token_gap_seconds_count\{worker="2"\} \d+$/m);

    cli.kill('SIGTERM');
    const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
    expect(new Set(codes)).toEqual(new Set([1012]));
    expect(await cli.exited).toBe(0);
    expect(workersOf(linesOf(cli, 'Stopped')).sort()).toEqual([1, 2, undefined]);
  });

  it('have others told at once when they die, and are replaced, after a longer and longer pause if they end early', async () => {
    const { cli, url } = await start();
    const protocols = [CLIENT_SECRET_PREFIX + 'a'.repeat(32)];
    const clients = await Promise.all([1, 2].map(() => TestClient.connect(url, { protocols, timeoutMs: 30_000 })));
    const opened = await vi.waitFor(() => {
      const lines = linesOf(cli, 'Connection opened');
      expect(lines).toHaveLength(SIZE);
      return lines;
    });
    const [asking, reading] = clients;
    const id = asking?.connected.connection_id;
    const host = Number(opened.find(({ connectionId }) => connectionId === id)?.['worker']);
    const runId = randomUUID();
    asking?.send({ type: 'streaming_query', query: 'Tell me a long story', run_id: runId });
    await asking?.next('stream_chunk');
    reading?.send({ type: 'resume', run_id: runId, after: 0 });
    await reading?.next('stream_chunk');

    // The first one may have listened for a while already.
    const pauses: number[] = [];
    for (const worker of [host, 3, 4]) {
      const at = performance.now();
      process.kill(Number((await listening(cli, worker))['pid']), 'SIGKILL');
      if (worker === host) {
        expect(await reading?.next('error')).toMatchObject({ code: 'run_interrupted' });
        // The beats of a node must be missing for 8 s before others take it for dead.
        expect(performance.now() - at).toBeLessThan(6_000);
      }
      await vi.waitFor(() => {
        const ends = linesOf(cli, 'A worker ended; another one takes its place');
        const end = ends.find((line) => line['worker'] === worker);
        expect(end).toMatchObject({ signal: 'SIGKILL' });
        pauses.push(Number(end?.['pauseMs']));
      });
    }
    expect(pauses[1]).toBeGreaterThanOrEqual(500);
    expect(pauses[2]).toBe(2 * (pauses[1] ?? 0));
    await listening(cli, 5);
    expect(await (await TestClient.connect(url)).ask({ type: 'agent_query', query: '1+1' })).toMatchObject({
      type: 'agent_response',
    });
  });

  it('are replaced one after the other at SIGHUP, refuse nobody meanwhile, keep their address for metrics, and end at once with a second signal', async () => {
    const place = `127.0.0.1:${await freePort()}`;
    const { cli, url, origin } = await start('--metrics', place);
    const before = await connectSome(url, SIZE);
    cli.kill('SIGHUP');
    let accepted = 0;
    const isOver = (): boolean => linesOf(cli, 'Every worker was replaced').length > 0;
    while (!isOver()) {
      const client = await TestClient.connect(url, { timeoutMs: 30_000 });
      accepted++;
      await client.close();
      // A connection that comes when a worker has nothing to do meets its end more often than one of many.
      await delay(20);
    }
    expect(accepted).toBeGreaterThan(0);
    for (const { closed } of before) expect((await closed).code).toBe(1012);
    await vi.waitFor(() => expect(workersOf(linesOf(cli, 'Stopped')).sort()).toEqual([1, 2]));
    await vi.waitFor(() => expect(workersOf(linesOf(cli, 'Listening')).sort()).toEqual([1, 2, 3, 4]));

    const text = await (await fetch(`http://${place}/metrics`)).text();
    expect(text.match(/^agent_ws_connections_limit\{/gm)).toHaveLength(SIZE);
    expect((await fetch(`${origin}/metrics`)).status).toBe(404);

    const client = await TestClient.connect(url, { negotiate: false });
    client.send({ type: 'streaming_query', query: 'Tell me a long story' });
    await client.next('stream_chunk');
    cli.kill('SIGTERM');
    await cli.log(/^Stopping all/);
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(143);
    expect(client.all('error')).toEqual([]);
  });

  it('are replaced when they die while a successor hangs at its start, which is killed in the end', async () => {
    const cwd = temporaryDirectory();
    const [wait, waiting, late] = [join(cwd, 'wait'), join(cwd, 'waiting'), join(cwd, 'late')];
    const tools = `import { existsSync, writeFileSync } from 'node:fs';
      if (existsSync('wait')) {
        writeFileSync('waiting', '');
        await new Promise(() => setInterval(() => {}, 1_000));
      }
      export default [];`;
    writeFileSync(join(cwd, 'tools.mjs'), tools);
    const env = { LATE_MS: '180000', LATE_FILE: late };
    const imports = [join(ROOT, 'test/helpers/late-on-demand.js')];
    const { cli } = await startWith({ cwd, env, imports }, '--tools', './tools.mjs');
    const old = await Promise.all([1, 2].map((worker) => listening(cli, worker)));
    writeFileSync(wait, '');
    cli.kill('SIGHUP');
    await vi.waitFor(() => expect(existsSync(waiting)).toBe(true), { timeout: 30_000 });
    rmSync(wait);

    for (const { pid } of old) process.kill(Number(pid), 'SIGKILL');
    // Without any worker, port 0 has become another one.
    const [{ endpoint }] = await Promise.all([listening(cli, 4), listening(cli, 5)]);
    const client = await TestClient.connect(String(endpoint));
    expect(await client.ask({ type: 'agent_query', query: '1+1' })).toMatchObject({
      type: 'agent_response',
    });

    cli.kill('SIGHUP');
    await vi.waitFor(() => expect(linesOf(cli, 'Replacing the workers one after the other')).toHaveLength(2));
    writeFileSync(late, '');
    expect(await cli.log('A worker does not listen in time and is killed')).toMatchObject({ worker: 3 });
    await vi.waitFor(() => expect(workersOf(linesOf(cli, 'Stopped')).sort()).toEqual([4, 5]), { timeout: 30_000 });
    expect((await cli.log('Every worker was replaced'))['replaced']).toBe(SIZE);
    expect(workersOf(linesOf(cli, 'Listening')).sort()).toEqual([1, 2, 4, 5, 6, 7]);
  });

  it('are killed if they stand still for longer than they may take to end', async () => {
    const { cli } = await start('--drain', '0');
    const stuck = await listening(cli, 1);
    process.kill(Number(stuck['pid']), 'SIGSTOP');
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
    expect(workersOf(linesOf(cli, 'Stopped'))).toEqual([2, undefined]);
    expect(workersOf(linesOf(cli, 'A worker stands still and is killed'))).toEqual([1]);
    expect(() => process.kill(Number(stuck['pid']), 0)).toThrow('ESRCH');
  });

  it('do not start if the first one cannot, and say why once', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const flags = ['--host', '127.0.0.1', '--port', String(port), '--workers', '2'];
    const { code, stderr } = await runCli(['serve', '--redis', redis.url, ...flags]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `--port: ${port} is already in use on 127.0.0.1; stop the other server or choose another port\n`,
    );
  });
});

/** The line of a worker that listens. */
async function listening(cli: CliProcess, worker: number): Promise<LogLine> {
  return vi.waitFor(
    () => {
      const line = linesOf(cli, 'Listening').find((it) => it['worker'] === worker);
      if (line === undefined) throw new Error(`Worker ${worker} does not listen yet`);
      return line;
    },
    { timeout: 30_000 },
  );
}
