import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import type { Awaitable } from '../runtime/awaitable.js';
import type { CountedHistogram } from '../runtime/counted-histogram.js';
import { METRICS, type MetricInfo, type MetricName } from './metric-table.js';

/** What `prom-client` takes of each metric. */
interface Config {
  name: string;
  help: string;
  labelNames: string[];
  registers: Registry[];
}

/** Takes a value when the metrics are asked for; `label` is the value of the only label, if there is one. */
type Tell<T> = (value: T, label?: string) => void;

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

  /** @param read - called when the metrics are asked for; what it does not tell is absent */
  gauge(name: MetricName, read: (tell: Tell<number>) => Awaitable<void>): void {
    const config = this.#configOf(name);
    const [labelName] = config.labelNames;
    const gauge: Gauge = new Gauge({
      ...config,
      collect: () => {
        if (labelName === undefined) gauge.remove();
        return read((value, label) => gauge.set(labelsOf(labelName, label), value));
      },
    });
  }

  /** @param read - called when the metrics are asked for */
  total(name: MetricName, read: (tell: Tell<number>) => void): void {
    const config = this.#configOf(name);
    const [labelName] = config.labelNames;
    const counter: Counter = new Counter({
      ...config,
      collect: () => {
        counter.reset();
        read((total, label) => counter.inc(labelsOf(labelName, label), total));
      },
    });
  }

  /**
   * Histograms that are counted elsewhere, since `prom-client` takes a microsecond for each value: times in milliseconds,
   * anything else as it is.
   * @param read - called when the metrics are asked for
   */
  counted(name: MetricName, read: (tell: Tell<CountedHistogram>) => void): void {
    const { help, labels = [] }: MetricInfo = METRICS[name];
    const [labelName] = labels;
    const get = (): object => {
      const values: object[] = [];
      read((counted, label) => values.push(...valuesOf(name, counted, labelsOf(labelName, label))));
      return { name, help, type: 'histogram', aggregator: 'sum', values };
    };
    // The aggregator is for those who put together the metrics of several processes.
    const metric = { name, help, type: 'histogram', aggregator: 'sum', get: () => Promise.resolve(get()) };
    // A registry uses nothing else of a metric; the type lists the classes of the package.
    this.#registry.registerMetric(metric as unknown as Metric);
  }

  #configOf(name: MetricName): Config {
    const { help, labels = [] }: MetricInfo = METRICS[name];
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

function labelsOf(name: string | undefined, value: string | undefined): Record<string, string> {
  return name === undefined || value === undefined ? {} : { [name]: value };
}

/** The lines of a histogram (Prometheus exposition formats, "Histograms and summaries"). */
function valuesOf(name: string, { bounds, counts, sum }: CountedHistogram, labels: object): object[] {
  const unit = name.endsWith('_seconds') ? 1_000 : 1;
  let total = 0;
  const buckets = counts.map((count, bucket) => {
    total += count;
    const bound = bounds[bucket];
    const le = bound === undefined ? '+Inf' : bound / unit;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum / unit },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
