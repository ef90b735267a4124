import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy } from '../../src/testing/index.js';
import { ROOT } from './build.js';
import { startCli, type CliProcess } from './cli-process.js';
import { startOpenAiUpstream, type OpenAiUpstream, type UpstreamRequest } from './openai-upstream.js';

/** How often nodes beat, and how long one may be silent. In milliseconds. */
const BEAT_MS = 600;
export const LEASE_MS = 2_500;

/** How much longer everything may take than on a machine that does nothing else. */
export const slowness = (): number => Math.max(1, loadavg()[0] ?? 1) / availableParallelism() + 1;

/** A service or a worker of the cluster, as a process of its own. */
export class ClusterNode {
  /** Where clients connect; empty for a worker. */
  url = '';
  readonly #start: (onStarted: (end: () => Promise<void>) => void) => CliProcess;
  #cli: CliProcess | undefined;
  #end: (() => Promise<void>) | undefined;
  #started: Promise<void> | undefined;

  constructor(start: (onStarted: (end: () => Promise<void>) => void) => CliProcess) {
    this.#start = start;
  }

  /** Starts the process, unless it runs, and waits until it listens. */
  async start(): Promise<void> {
    await (this.#started ??= this.#begin());
  }

  get cli(): CliProcess {
    if (this.#cli === undefined) throw new Error('The node does not run');
    return this.#cli;
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#started = undefined;
    await this.#end?.();
  }

  /** Lets the process stand still. */
  stop(): void {
    this.cli.kill('SIGSTOP');
  }

  cont(): void {
    this.cli.kill('SIGCONT');
  }

  /** The numbers that the node tells of itself. */
  async statistics(): Promise<Readonly<Record<string, unknown>>> {
    const { host } = new URL(this.url);
    return (await (await fetch(`http://${host}/ws/statistics?scope=cluster`)).json()) as Record<string, unknown>;
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const { host } = new URL(this.url);
    const text = await (await fetch(`http://${host}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  async #begin(): Promise<void> {
    this.#cli = this.#start((end) => (this.#end = end));
    const { port } = await this.#cli.log(/^(Listening|Taking runs from the line)$/);
    this.url = `ws://127.0.0.1:${String(port)}/ws/agent`;
  }
}

/** Three services and a worker over one Redis, with tools and a model that count what they are asked. */
export class ClusterProcesses {
  readonly upstream: OpenAiUpstream;
  /** Between the second service and Redis. */
  readonly proxy: FaultProxy;
  /** All that clients connect to. The second reaches Redis through {@link proxy}; the third leaves its runs to the worker. */
  readonly services: readonly [ClusterNode, ClusterNode, ClusterNode];
  readonly worker: ClusterNode;
  readonly #folder: string;

  private constructor(upstream: OpenAiUpstream, proxy: FaultProxy, redisPort: number) {
    this.upstream = upstream;
    this.proxy = proxy;
    this.#folder = mkdtempSync(join(tmpdir(), 'agent-ws-cluster-'));
    writeFileSync(this.#toolFile, '');
    const prefix = randomUUID();
    const node = (command: string[], port: number, skewMs = 0): ClusterNode =>
      new ClusterNode((onStarted) =>
        startCli([...command, ...this.#flags(prefix, port)], {
          cwd: this.#folder,
          env: {
            OPENAI_API_KEY: 'any',
            OPENAI_BASE_URL: upstream.url,
            OPENAI_MODEL: 'gpt-test',
            CLOCK_SKEW_MS: String(skewMs),
            ACTED_FILE: this.#toolFile,
          },
          imports: skewMs === 0 ? [] : [join(ROOT, 'test/helpers/skewed-clock.js')],
          onStarted,
        }),
      );
    const serve = ['serve', '--host', '127.0.0.1', '--port', '0', '--metrics'];
    this.services = [
      node(serve, redisPort, 3_600_000),
      node(serve, proxy.port),
      node([...serve, '--run', 'queue'], redisPort, -3_600_000),
    ];
    this.worker = node(['worker', '--health', '0'], redisPort);
  }

  static async start(redisPort: number): Promise<ClusterProcesses> {
    const upstream = await startOpenAiUpstream();
    const proxy = await FaultProxy.start({ target: redisPort });
    const cluster = new ClusterProcesses(upstream, proxy, redisPort);
    await cluster.whole();
    return cluster;
  }

  /** Starts what does not run. */
  async whole(): Promise<void> {
    await Promise.all([...this.services, this.worker].map((node) => node.start()));
  }

  /** What the model was asked for one question. */
  asked(query: string): UpstreamRequest[] {
    return this.upstream.requests.filter(({ body }) => body.messages.some(({ content }) => content === query));
  }

  /** What tools did, by what the model gave them. */
  acted(what: string): number {
    return readFileSync(this.#toolFile, 'utf8')
      .split('\n')
      .filter((line) => line === what).length;
  }

  async end(): Promise<void> {
    await Promise.all([...this.services, this.worker].map((node) => node.kill()));
    await this.proxy.close();
    await this.upstream.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #toolFile(): string {
    return join(this.#folder, 'acted');
  }

  #flags(prefix: string, port: number): string[] {
    const redis = ['--redis', `redis://127.0.0.1:${port}`, '--redis-prefix', prefix];
    const times = ['--redis-beat', String(BEAT_MS / 1_000), '--redis-lease', String(LEASE_MS / 1_000)];
    const logs = ['--log-format', 'json', '--log-ids', 'full'];
    return [...redis, ...times, ...logs, '--tools', join(ROOT, 'test/helpers/cluster-tools.js')];
  }
}
