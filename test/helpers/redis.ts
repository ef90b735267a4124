import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { freePort } from './free-port.js';
import { makeRedisUser, REDIS_PASSWORD, REDIS_USER } from './redis-user.js';

const PROGRAMS = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'];

const program = PROGRAMS.find((path) => existsSync(path));

/** A server that tests share instead of starting one, in the form `redis://host:port`. */
const given = process.env['REDIS_URL'];

/**
 * A suffix for the names of tests that need a Redis server and are skipped; empty if they run. In CI the tests always
 * run, and fail if the program is missing.
 */
export function missingRedis(): string {
  return program !== undefined || process.env['CI'] !== undefined ? '' : ' (skipped: redis-server is not installed)';
}

/** Like {@link missingRedis}, of tests that need {@link RedisOptions.slowFsyncMs}. */
export function missingSlowFsync(): string {
  if (missingRedis() !== '') return missingRedis();
  return slowFsyncLibrary() === undefined ? ' (skipped: no C compiler, or not Linux)' : '';
}

/** What {@link startRedis} takes. */
export interface RedisOptions {
  /** Whether writes are kept over a restart. @default true */
  readonly appendonly?: boolean;
  /**
   * When writes reach the disk.
   * @default 'no': an answer comes after the write to the file, so that a killed process has lost nothing, however busy the
   * disk is. With `everysec` Redis waits for a slow disk, and answers before it writes.
   */
  readonly fsync?: 'always' | 'everysec' | 'no';
  /** Makes each write to the disk last that long, in milliseconds. */
  readonly slowFsyncMs?: number;
  /** Whether the address names a user with only the rights that the documentation describes. @default false */
  readonly user?: boolean;
  /** Further settings of the server, as on its command line without dashes. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running Redis server with a directory of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the process again, on the same port with the same directory, and waits until it answers. */
  restart(): Promise<void>;
  /** Stops the process: connections stay, and nothing is answered. */
  stop(): void;
  /** Goes on after {@link RedisServer.stop}. */
  cont(): void;
  /** Sends one command on a connection of its own. Returns the answer as the protocol writes it. */
  call(...command: string[]): Promise<string>;
}

/** Starts a server that ends with the test. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = new Server(options);
  onTestFinished(() => server.end());
  await server.start();
  return server;
}

/** A server for the tests of a file: `REDIS_URL`, or one that is started. Tests must not share keys. */
export function redisOfFile(options: RedisOptions = {}): { readonly url: string } {
  const server = given === undefined ? new Server(options) : undefined;
  if (server !== undefined && missingRedis() === '') {
    beforeAll(() => server.start());
    afterAll(() => server.end());
  }
  return {
    get url() {
      return given ?? server?.url ?? '';
    },
  };
}

/** A server of its own for the tests of a file. */
export function redisServerOfFile(options: RedisOptions = {}): RedisServer {
  const server = new Server(options);
  if (missingRedis() === '') {
    beforeAll(() => server.start());
    afterAll(() => server.end());
  }
  return server;
}

/** A Redis Cluster of so many masters for the tests of a file. */
export function redisClusterOfFile(
  masters = 3,
  options: RedisOptions = {},
): { readonly servers: readonly RedisServer[] } {
  const servers: Server[] = [];
  if (missingRedis() === '') {
    beforeAll(() => formCluster(servers, masters, options));
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.end()));
    });
  }
  return { servers };
}

class Server implements RedisServer {
  readonly #options: RedisOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'agent-ws-redis-'));
  #process: ChildProcess | undefined;
  port = 0;
  busPort = 0;

  constructor(options: RedisOptions) {
    this.#options = options;
  }

  get url(): string {
    const user = this.#options.user === true ? `${REDIS_USER}:${encodeURIComponent(REDIS_PASSWORD)}@` : '';
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  get #isCluster(): boolean {
    return this.#options.settings?.['cluster-enabled'] === 'yes';
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = await freePort();
      if (this.#isCluster) this.busPort = await freePort();
      try {
        await this.restart();
        return;
      } catch (error) {
        // Another program may have taken the port meanwhile.
        if (attempt === 3) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    if (program === undefined) throw new Error('redis-server is not installed: apt-get install redis-server');
    const { appendonly = true, fsync = 'no', slowFsyncMs, settings = {} } = this.#options;
    const all: Record<string, string> = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.#folder,
      save: '',
      appendonly: appendonly ? 'yes' : 'no',
      appendfsync: fsync,
      ...(this.#isCluster ? { 'cluster-port': String(this.busPort), 'cluster-node-timeout': '2000' } : {}),
      ...settings,
    };
    const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] };
    if (slowFsyncMs !== undefined) {
      env['LD_PRELOAD'] = slowFsyncLibrary();
      env['SLOW_FSYNC_MS'] = String(slowFsyncMs);
    }
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)));
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    for (;;) {
      const answer = await this.call('PING').catch(() => '');
      if (answer === '+PONG\r\n' && !isOver()) break;
      if (isOver()) throw new Error(`redis-server ended: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (this.#options.user === true) await expectOk(this, ...makeRedisUser());
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  stop(): void {
    this.#process?.kill('SIGSTOP');
  }

  cont(): void {
    this.#process?.kill('SIGCONT');
  }

  call(...command: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1');
      const { requirepass } = this.#options.settings ?? {};
      let isAuthenticating = requirepass !== undefined;
      let answer = '';
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => {
        answer += text;
        if (isAuthenticating && answer.startsWith('+OK\r\n')) {
          isAuthenticating = false;
          answer = answer.slice('+OK\r\n'.length);
        }
        if (isWhole(answer)) socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', () => (answer === '' ? reject(new Error('no answer')) : resolve(answer)));
      if (requirepass !== undefined) socket.write(`*2\r\n$4\r\nAUTH\r\n$${requirepass.length}\r\n${requirepass}\r\n`);
      const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
      socket.write(`*${parts.length}\r\n${parts.join('')}`);
    });
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function formCluster(servers: Server[], masters: number, options: RedisOptions): Promise<void> {
  const settings = { ...options.settings, 'cluster-enabled': 'yes' };
  for (let i = 0; i < masters; i++) {
    const server = new Server({ ...options, settings });
    servers.push(server);
    await server.start();
  }
  const first = servers[0];
  if (first === undefined) throw new Error('A cluster has at least one master');
  for (const [i, server] of servers.entries()) {
    await expectOk(server, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    const slots = [i, i + 1].map((n) => Math.floor((n * 16384) / masters));
    await expectOk(server, 'CLUSTER', 'ADDSLOTSRANGE', String(slots[0]), String(Number(slots[1]) - 1));
    if (server !== first) {
      await expectOk(server, 'CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(first.busPort));
    }
  }
  for (const server of servers) {
    for (;;) {
      const info = await server.call('CLUSTER', 'INFO');
      if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}\r`)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function expectOk(server: Server, ...command: string[]): Promise<void> {
  const answer = await server.call(...command);
  if (answer !== '+OK\r\n') throw new Error(`${command.join(' ')}: ${answer}`);
}

/** Whether a text is one whole answer. Of an array only that of its first line is known: it ends with the connection. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n');
  if (end === -1) return false;
  if (answer[0] !== '$') return true;
  const bytes = Number(answer.slice(1, end));
  return bytes === -1 || Buffer.byteLength(answer) >= end + 2 + bytes + 2;
}

const SLOW_FSYNC = `
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int fdatasync(int fd) {
  const char *ms = getenv("SLOW_FSYNC_MS");
  if (ms) usleep((useconds_t)atoi(ms) * 1000);
  return (int)syscall(SYS_fdatasync, fd);
}
`;

let library: string | undefined | null = null;

/** The path of a library that makes writes to the disk slow; `undefined` if it cannot be made. */
function slowFsyncLibrary(): string | undefined {
  if (library === null) library = process.platform === 'linux' ? compile() : undefined;
  return library;
}

function compile(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'agent-ws-fsync-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const source = join(folder, 'slow-fsync.c');
  const output = join(folder, 'slow-fsync.so');
  writeFileSync(source, SLOW_FSYNC);
  return spawnSync('cc', ['-shared', '-fPIC', '-o', output, source]).status === 0 ? output : undefined;
}
