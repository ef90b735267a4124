/**
 * `<StatisticsPanel recording={…} client={…} url={…} />`: what travelled, the latency, the runs, and what the server
 * counts. `url` is `/ws/statistics` of the server. `children` stand above the numbers of the server: the run table.
 */
import './statistics.css';
import type { ComponentChildren } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { formatBytes, formatCount, formatMs, formatRate } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { CHART, drawChart } from './chart.js';
import type { Recording } from './recording.js';
import { ServerNumbers } from './server-numbers.js';
import { useRedraw, useWhileVisible } from './use-redraw.js';

interface StatisticsPanelProps {
  readonly recording: Recording;
  readonly client: AgentClient;
  readonly url: URL;
  readonly children?: ComponentChildren;
}

const REDRAW_MS = 1_000;

export function StatisticsPanel({ recording, client, url, children }: StatisticsPanelProps) {
  const { t, language } = useI18n();
  const { frames, latency, throughput, runs } = recording;
  const panel = useRef<HTMLElement>(null);
  const [isProbing, setProbing] = useState(latency.isProbing);
  const render = useRedraw(latency.changed.on);
  useWhileVisible(panel, REDRAW_MS, useCallback(render, []));
  const { counts, bytes } = frames;
  const ms = (value: number | undefined): string => (value === undefined ? '–' : formatMs(value));
  const [last, p50] = [ms(latency.last), ms(latency.percentile(0.5))];
  const seconds = throughput.read(performance.now());
  const rate = formatRate(seconds.at(-1)?.chunks ?? 0);
  const { finished, cancelled, failed, interrupted } = runs.ends;
  const numbers = [
    ['latency', last, latency.last === undefined ? '' : `p50 ${p50} · p95 ${ms(latency.percentile(0.95))}`],
    ['rate', `${rate}/s`, `${formatBytes(seconds.at(-1)?.bytes ?? 0)}/s`],
    ['sent', formatCount(counts.out, language), formatBytes(bytes.out)],
    ['received', formatCount(counts.in, language), formatBytes(bytes.in)],
  ] as const;
  const chunks = seconds.map((second) => second.chunks);
  return (
    <section class="statistics" id="statistics" aria-labelledby="statistics-title" ref={panel}>
      <div class="section-head">
        <h2 id="statistics-title">{t('stat.title')}</h2>
        <label class="check">
          <input
            type="checkbox"
            id="probe"
            checked={isProbing}
            onChange={({ currentTarget }) => setProbing((latency.isProbing = currentTarget.checked))}
          />
          {t('stat.probe')}
        </label>
      </div>
      <dl class="numbers">
        {numbers.map(([name, value, more]) => (
          <div key={name}>
            <dt>{t(`stat.${name}`)}</dt>
            <dd>
              <b id={`stat-${name}`}>{value}</b>
              <small>{more}</small>
            </dd>
          </div>
        ))}
      </dl>
      <div class="charts">
        <Chart name="latency" values={latency.samples} top={formatMs} label={t('chart.latency', { last, p50 })} />
        <Chart name="throughput" values={chunks} top={(top) => `${top}/s`} label={t('chart.throughput', { rate })} />
      </div>
      <p class="stat-line">
        {t('stat.runs')} <b id="stat-runs">{formatCount(runs.live, language)}</b>
        <small>{t('stat.runsMore', { finished, cancelled, failed: failed + interrupted })}</small>
      </p>
      {children}
      <ServerNumbers client={client} url={url} panel={panel} />
    </section>
  );
}

interface ChartProps {
  readonly name: 'latency' | 'throughput';
  readonly values: readonly number[];
  /** The text of the value at the top. */
  readonly top: (value: number) => string;
  readonly label: string;
}

function Chart({ name, values, top, label }: ChartProps) {
  const { t } = useI18n();
  const { width, height } = CHART;
  const drawing = drawChart(values);
  return (
    <figure class={`chart-${name}`}>
      <figcaption>
        <span>{t(`chart.${name}.title`)}</span>
        <span>{top(drawing.top)}</span>
      </figcaption>
      <svg class="chart" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path d={[0.5, height / 2, height - 0.5].map((y) => `M0 ${y}H${width}`).join('')} />
        <path class="chart-area" d={drawing.area} />
        <path class="chart-line" d={drawing.line} />
      </svg>
    </figure>
  );
}
