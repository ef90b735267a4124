import type { Worker } from 'node:cluster';
import { tell, type Pool } from './pool.js';
import type { ExportedMetrics } from '../../telemetry/combine-metrics.js';

/** How long a worker may take to send its metrics, in milliseconds: a busy one must not keep back those of all others. */
const ANSWER_MS = 2_000;

/** The media type of the text (Prometheus exposition formats, "Text format details"). */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The metrics of all workers. Each series has the label `worker`, since a sum would fall when a worker is replaced. */
export class PoolMetrics {
  readonly contentType = CONTENT_TYPE;
  readonly #pool: Pick<Pool, 'workers'>;
  /** Who gets an answer, by its id. */
  readonly #waiting = new Map<number, (metrics: ExportedMetrics) => void>();
  #lastId = 0;

  constructor(pool: Pick<Pool, 'workers'>) {
    this.#pool = pool;
  }

  /** The metrics of all workers at this moment, as text. */
  async metrics(): Promise<string> {
    // Loaded only by those who have metrics.
    const { combineMetrics } = await import('../../telemetry/combine-metrics.js');
    const answers = await Promise.all(this.#pool.workers.map((worker) => this.#ask(worker)));
    return combineMetrics(answers.filter((metrics) => metrics !== undefined));
  }

  /** A worker has answered. */
  onMeasured(id: number, metrics: ExportedMetrics): void {
    this.#waiting.get(id)?.(metrics);
  }

  #ask(worker: Worker): Promise<ExportedMetrics | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const settle = (metrics: ExportedMetrics | undefined): void => {
        clearTimeout(timer);
        worker.off('exit', onGone);
        this.#waiting.delete(id);
        resolve(metrics);
      };
      const onGone = (): void => settle(undefined);
      const timer = setTimeout(onGone, ANSWER_MS);
      worker.once('exit', onGone);
      this.#waiting.set(id, settle);
      tell(worker, { type: 'measure', id });
    });
  }
}
