// Redis, three nodes, a worker, and HAProxy or nginx in front of them, on this machine and without Docker:
//
//   node examples/deploy/local.mjs [--proxy nginx] [--port 8080]
//
// Needs redis-server and haproxy (or nginx). Kill a node while it answers: the answer goes on, or its client is told. SIGHUP
// replaces the nodes one after the other, as a rolling update does; SIGTERM and Ctrl-C end everything.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    proxy: { type: 'string', default: 'haproxy' },
    port: { type: 'string', default: process.env.PORT ?? '8080' },
  },
});
const PROXIES = { haproxy: 'haproxy.cfg', nginx: 'nginx.conf' };
const NODES = 3;

const cli = fileURLToPath(new URL('../bin/agent-ws.js', import.meta.resolve('agent-ws')));
const folder = mkdtempSync(join(tmpdir(), 'agent-ws-'));
const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const running = new Set();
let ending = false;

/** Starts a program whose output goes to `NAME.log` in the folder, and to the terminal if it fails. */
function start(name, command, args) {
  const child = spawn(command, args, { env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => (output = (output + data).slice(-4_000)));
  running.add(child);
  child.exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(`${error.message}: is it installed?`));
    child.once('exit', (code, signal) => resolve(signal ?? code));
  }).then((why) => {
    running.delete(child);
    if (!ending && why !== 0 && why !== 'SIGKILL') console.error(`${name} ended: ${why}\n${output}`);
    return why;
  });
  return child;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a URL answers with 200. */
async function ready(url, child) {
  let gone = false;
  void child?.exited.then(() => (gone = true));
  while (!ending && !gone) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return true;
    await delay(50);
  }
  return false;
}

const redisPort = await freePort();
const redis = `redis://127.0.0.1:${redisPort}`;
start('redis', 'redis-server', [
  ...['--port', redisPort, '--bind', '127.0.0.1', '--dir', folder],
  ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
]);

/** Keeps one `agent-ws` running, as a service manager does. */
async function keep(name, args, port) {
  let child;
  let expected = false;
  const launch = async () => {
    child = start(name, process.execPath, [cli, ...args, '--redis', redis]);
    const { pid, exited } = child;
    if (port !== undefined) await ready(`http://127.0.0.1:${port}/readyz`, child);
    if (!ending) console.log(`${name}: process ${pid}${port === undefined ? '' : `, port ${port}`}`);
    void exited.then(async () => {
      if (ending || expected) return;
      await delay(500);
      if (!ending) await launch();
    });
  };
  await launch();
  return {
    async replace() {
      expected = true;
      child.kill('SIGTERM');
      await child.exited;
      expected = false;
      if (!ending) await launch();
    },
  };
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0));
process.on('SIGHUP', () => void replaceAll());

const ports = await Promise.all(Array.from({ length: NODES }, freePort));
const nodes = await Promise.all(
  ports.map((port, index) => {
    const place = ['--host', '127.0.0.1', '--port', port, '--trusted-proxies', '127.0.0.1'];
    return keep(`agent-${index + 1}`, ['serve', '--run', 'queue', ...place], port);
  }),
);
const health = await freePort();
await keep('worker', ['worker', '--concurrency', '32', '--health', String(health)], health);

// The same file as elsewhere, with the addresses of this machine.
const file = PROXIES[values.proxy];
if (file === undefined) throw new Error(`--proxy must be one of ${Object.keys(PROXIES).join(', ')}`);
const port = values.port === '0' ? await freePort() : Number(values.port);
let config = readFileSync(new URL(file, import.meta.url), 'utf8')
  .replace(/(bind|listen) :?8080/, values.proxy === 'nginx' ? `listen 127.0.0.1:${port}` : `bind 127.0.0.1:${port}`)
  .replaceAll('/tmp/nginx', join(folder, 'nginx'));
for (const [index, its] of ports.entries()) config = config.replace(`agent-${index + 1}:8003`, `127.0.0.1:${its}`);
const configured = join(folder, file);
writeFileSync(configured, config);
const proxy =
  values.proxy === 'nginx'
    ? start('nginx', 'nginx', ['-c', configured, '-p', folder, '-e', 'stderr', '-g', 'daemon off;'])
    : start('haproxy', 'haproxy', ['-f', configured, '-db']);
if (await ready(`http://127.0.0.1:${port}/readyz`, proxy)) console.log(`http://127.0.0.1:${port}/`);
else await end(1);

/** A rolling update: each node ends in order and starts again before the next one ends. */
async function replaceAll() {
  for (const node of nodes) if (!ending) await node.replace();
  console.log('All nodes were replaced');
}

async function end(code) {
  if (ending) return;
  ending = true;
  // Something may start meanwhile, if not everything has started yet.
  while (running.size > 0) {
    // Nobody waits for answers in progress here. nginx has processes of its own, which it ends itself.
    for (const child of running) child.kill(child.spawnfile === 'nginx' ? 'SIGTERM' : 'SIGKILL');
    await Promise.all([...running].map(({ exited }) => exited));
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
