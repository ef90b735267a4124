import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import type { CountedHistogram } from '../runtime/counted-histogram.js';
import { METRICS, type MetricInfo, type MetricName } from './metric-table.js';

/** What `prom-client` takes of each metric. */
interface Config {
  name: string;
  help: string;
  labelNames: string[];
  registers: Registry[];
}

/** Makes the metrics of the table in a registry. */
export class Instruments {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter(name: MetricName): Counter {
    return new Counter(this.#configOf(name));
  }

  histogram(name: MetricName): Histogram {
    const { buckets = [] }: MetricInfo = METRICS[name];
    return new Histogram({ ...this.#configOf(name), buckets: [...buckets] });
  }

  /** @param read - called when the metrics are asked for; `label` is the value of the only label, if there is one */
  gauge(name: MetricName, read: (set: (value: number, label?: string) => void) => void): void {
    const config = this.#configOf(name);
    const [labelName] = config.labelNames;
    const gauge: Gauge = new Gauge({
      ...config,
      collect: () =>
        read((value, label) => {
          if (labelName === undefined || label === undefined) gauge.set(value);
          else gauge.set({ [labelName]: label }, value);
        }),
    });
  }

  /** @param total - called when the metrics are asked for */
  total(name: MetricName, total: () => number): void {
    const counter: Counter = new Counter({
      ...this.#configOf(name),
      collect: () => {
        counter.reset();
        counter.inc(total());
      },
    });
  }

  /** A histogram that is counted elsewhere, in milliseconds: `prom-client` takes a microsecond for each value. */
  counted(name: MetricName, counted: CountedHistogram): void {
    const { help } = METRICS[name];
    const metric = {
      name,
      help,
      type: 'histogram',
      // For those who put together the metrics of several processes.
      aggregator: 'sum',
      get: () => Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: valuesOf(name, counted) }),
    };
    // A registry uses nothing else of a metric; the type lists the classes of the package.
    this.#registry.registerMetric(metric as unknown as Metric);
  }

  #configOf(name: MetricName): Config {
    const { help, labels = [] }: MetricInfo = METRICS[name];
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

/** The lines of a histogram, in seconds (Prometheus exposition formats, "Histograms and summaries"). */
function valuesOf(name: string, { bounds, counts, sum }: CountedHistogram): object[] {
  let total = 0;
  const buckets = counts.map((count, bucket) => {
    total += count;
    const bound = bounds[bucket];
    return { metricName: `${name}_bucket`, labels: { le: bound === undefined ? '+Inf' : bound / 1_000 }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum / 1_000 },
    { metricName: `${name}_count`, labels: {}, value: total },
  ];
}
