import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

const PAGE = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8');

const PLACES = {
  nginx: '/usr/sbin/nginx',
  haproxy: '/usr/sbin/haproxy',
  caddy: '/usr/bin/caddy',
} as const;

export type ProxyName = keyof typeof PLACES;

/**
 * A suffix for the name of a test that needs this program and is skipped; empty if the test runs. In CI the tests
 * always run, and fail if the program is missing.
 */
export function missing(name: ProxyName): string {
  const isHere = existsSync(PLACES[name]) || process.env['CI'] !== undefined;
  return isHere ? '' : ` (skipped: ${name} is not installed as ${PLACES[name]})`;
}

/** Starts a proxy with the documented configuration in front of these ports. Returns the port of the proxy. */
export async function startProxy(name: ProxyName, upstream: number, second = upstream): Promise<number> {
  const folder = temporaryDirectory();
  const port = await freePort();
  const certificate = join(folder, 'chat.example');
  const subject = ['-subj', '/CN=chat.example', '-addext', 'subjectAltName=DNS:chat.example'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const files = ['-keyout', `${certificate}.key`, '-out', `${certificate}.pem`];
  const made = spawnSync('openssl', ['req', '-x509', ...key, ...subject, ...files], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  if (name === 'haproxy')
    writeFileSync(`${certificate}.pem`, readFileSync(`${certificate}.key`), {
      flag: 'a',
    });

  let config = new RegExp(`^\`\`\`${name}\n(.*?)^\`\`\``, 'ms').exec(PAGE)?.[1] ?? '';
  const put = (documented: string, here: string): void => {
    expect(config, `the documented configuration of ${name}`).toContain(documented);
    config = config.replaceAll(documented, here);
  };
  put('127.0.0.1:8003', `127.0.0.1:${upstream}`);
  if (name === 'nginx') {
    put('listen 443 ssl', `listen 127.0.0.1:${port} ssl`);
    const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (what) => `${what}_temp_path ${folder}/${what};`,
    );
    config = `daemon off; pid ${folder}/pid; error_log stderr warn;\nevents {}\nhttp { access_log off; ${own.join(' ')}\n${config}}\n`;
  } else if (name === 'haproxy') {
    put('127.0.0.1:8004', `127.0.0.1:${second}`);
    put('bind :443', `bind 127.0.0.1:${port}`);
    // Servers and clients of a test share a process, which a busy machine may keep from answering for seconds.
    put('check inter 1s', 'check inter 1s fall 60');
  } else {
    put('chat.example {', `chat.example:${port} {\n  bind 127.0.0.1\n  tls ${certificate}.pem ${certificate}.key`);
    config = `{\n  admin off\n  auto_https off\n}\n${config}`;
  }
  if (name !== 'caddy') put('/etc/ssl/chat.example', certificate);

  await launch(name, config, folder, port);
  return port;
}

/** Starts a balancer with the configuration of the examples in front of three nodes. Returns the port of the balancer. */
export async function startBalancer(name: 'nginx' | 'haproxy', nodes: readonly number[]): Promise<number> {
  const folder = temporaryDirectory();
  const port = await freePort();
  const source = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg' }[name];
  let config = readFileSync(new URL(`../../examples/deploy/${source}`, import.meta.url), 'utf8')
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll('/tmp/nginx', join(folder, 'nginx'));
  for (const [index, node] of nodes.entries()) config = config.replace(`agent-${index + 1}:8003`, `127.0.0.1:${node}`);
  await launch(name, name === 'nginx' ? `daemon off;\n${config}` : config, folder, port);
  return port;
}

/** Starts a proxy that ends with the test, and waits until it listens. */
async function launch(name: ProxyName, config: string, folder: string, port: number): Promise<void> {
  const file = join(folder, 'config');
  writeFileSync(file, config);
  const args = {
    nginx: ['-c', file, '-p', folder, '-e', 'stderr'],
    haproxy: ['-f', file, '-db'],
    caddy: ['run', '--config', file, '--adapter', 'caddyfile'],
  };
  const env = { PATH: process.env['PATH'], HOME: folder };
  const child = spawn(PLACES[name], args[name], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    // A killed master process would leave its workers running.
    child.kill('SIGTERM');
    await ended;
  });
  await Promise.race([
    vi.waitFor(() => accepts(port)),
    ended.then(() => {
      throw new Error(`${name} ended: ${errors}`);
    }),
  ]);
}

async function accepts(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
