import cluster, { type Worker } from 'node:cluster';
import type { Registry } from 'prom-client';
import type { MetricsSource } from '../../http/metrics.js';
import { within } from '../../runtime/within.js';
import type { Stopping } from '../stopping.js';
import type { Question, ToPrimary, ToWorker } from './messages.js';

/** How long the primary may take to say that no connection is on its way, in milliseconds. */
const LEAVE_MS = 2_000;

/** The process that started this one, as a worker sees it. */
export class Primary {
  readonly #worker: Worker;
  readonly #early: ToWorker[] = [];
  #act: ((message: ToWorker) => void) | undefined;
  /** What waits for the answer to each question. */
  readonly #asked = new Map<number, (text: string) => void>();
  #lastId = 0;
  #registry: Registry | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    process.on('message', (message: ToWorker) => this.#onMessage(message));
    // A terminal sends these to all its processes; the primary decides what becomes of them.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  }

  /** The primary of this process; `undefined` if it is no worker. */
  static connect(): Primary | undefined {
    return cluster.worker === undefined ? undefined : new Primary(cluster.worker);
  }

  /** The number of this worker. Every worker of a primary has another one, also those that replace others. */
  get number(): number {
    return this.#worker.id;
  }

  /** Tells the primary which node of the cluster this process is. */
  tellNode(nodeId: string): void {
    this.#tell({ type: 'node', nodeId });
  }

  /** Sends the metrics of this process whenever the primary asks for them. */
  measure(registry: Registry): void {
    registry.setDefaultLabels({ worker: String(this.number) });
    this.#registry = registry;
  }

  /** The metrics of all workers, in the place of those of this process. */
  metricsOfAll(contentType: string): MetricsSource {
    return { contentType, metrics: () => this.#ask('metrics') };
  }

  /**
   * Ends this process when the primary says so or is gone, and after a SIGTERM of its own. Called once.
   * @param onGone - another worker has ended, which was this node of the cluster
   */
  obey(stopping: Stopping, reopen: () => void, onGone: (nodeId: string) => void): void {
    process.on('SIGTERM', () => stopping.onSignal('SIGTERM'));
    this.#worker.on('disconnect', () => {
      // Otherwise Node ends the process at once.
      this.#worker.exitedAfterDisconnect = true;
      stopping.begin('SIGTERM');
    });
    const act = (this.#act = (message: ToWorker): void => {
      if (message.type === 'stop') stopping.begin(message.signal);
      else if (message.type === 'end') void stopping.end(message.signal);
      else if (message.type === 'reopen') reopen();
      else if (message.type === 'gone') onGone(message.nodeId);
    });
    for (const message of this.#early.splice(0)) act(message);
  }

  /**
   * Waits until the primary sends no more connections to this process, which has closed its listener. The primary hands
   * connections over by messages: if the process ended before it has answered one, nobody would ever serve that client.
   */
  async leave(): Promise<void> {
    if (!this.#worker.isConnected()) return;
    await within(LEAVE_MS, this.#ask('leave'));
  }

  #onMessage(message: ToWorker): void {
    if (message.type === 'answer') this.#onAnswer(message.id, message.text);
    else if (message.type === 'measure') void this.#sendMetrics(message.id);
    else if (this.#act === undefined) this.#early.push(message);
    else this.#act(message);
  }

  async #sendMetrics(id: number): Promise<void> {
    this.#tell({ type: 'measured', id, metrics: (await this.#registry?.getMetricsAsJSON()) ?? [] });
  }

  /** If the primary is gone, there is no answer: this process ends then. */
  #ask(question: Question): Promise<string> {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#asked.set(id, resolve);
      this.#tell({ type: 'ask', id, question });
    });
  }

  #onAnswer(id: number, text: string): void {
    this.#asked.get(id)?.(text);
    this.#asked.delete(id);
  }

  #tell(message: ToPrimary): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => undefined);
  }
}
