import type { ComponentChildren, RefObject } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { TextKey } from '../locale/texts.js';
import { addressOf, useClient } from '../page.js';
import { credentialsFor } from '../talk/link.js';
import { Facts } from '../ui/facts.js';
import { Check } from '../ui/field.js';
import { formatBytes, formatClock, formatCount, formatMs, formatRate } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { CHART, drawChart } from './chart.js';
import type { Message } from './frames.js';
import { nodesOf, NodeTable } from './node-table.js';
import { recording } from './recording.js';
import { useRedraw, useWhileVisible } from '../ui/redraw.js';

/** `<StatisticsPanel />`: what travelled, the latency, the runs, and what the server counts. */

const REDRAW_MS = 1_000;

/** `children` stand above the numbers of the server. */
export function StatisticsPanel({ children }: { readonly children: ComponentChildren }) {
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
    <section class="statistics stack tiny" id="statistics" aria-labelledby="statistics-title" ref={panel}>
      <div class="section-head line">
        <h2 id="statistics-title">{t('view.statistics')}</h2>
        <Check
          id="probe"
          label={t('stat.probe')}
          checked={isProbing}
          onCheck={(isOn) => setProbing((latency.isProbing = isOn))}
        />
      </div>
      <dl class="numbers">
        {numbers.map(([name, value, more]) => (
          <div key={name}>
            <dt class="muted">{t(`stat.${name}`)}</dt>
            <dd>
              <b id={`stat-${name}`}>{value}</b>
              <small class="muted">{more}</small>
            </dd>
          </div>
        ))}
      </dl>
      <div class="charts">
        <Chart name="latency" values={latency.samples} top={formatMs} label={t('chart.latency', { last, p50 })} />
        <Chart name="throughput" values={chunks} top={(top) => `${top}/s`} label={t('chart.throughput', { rate })} />
      </div>
      <p class="line muted">
        <span class="grow">
          {t('stat.runs')} <b id="stat-runs">{formatCount(runs.live, language)}</b>
        </span>
        <small>{t('stat.runsMore', { finished, cancelled, failed: failed + interrupted })}</small>
      </p>
      {children}
      <ServerNumbers panel={panel} />
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
    <figure class="toned" data-tone={name === 'latency' ? 'out' : 'good'}>
      <figcaption class="line muted">
        <span class="grow">{t(`chart.${name}.title`)}</span>
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

/** `<ServerNumbers>`: what `/ws/statistics` of the server counts, read every 2 s while the panel can be seen. */

const POLL_MS = 2_000;
/** After so long a server that does not answer as expected is asked again. */
const PAUSE_MS = 30_000;

function ServerNumbers({ panel }: { readonly panel: RefObject<HTMLElement | null> }) {
  const { t, language } = useI18n();
  const client = useClient();
  const [answer, setAnswer] = useState<Message | TextKey>({});
  const pausedUntil = useRef(0);
  const poll = useCallback(async () => {
    if (performance.now() < pausedUntil.current) return;
    try {
      // A server that is alone knows no scope.
      const address = addressOf(`ws/statistics${client.greeting?.nodeId === undefined ? '' : '?scope=cluster'}`);
      const response = await fetch(address, { headers: { accept: 'application/json', ...credentialsFor(address) } });
      if (!response.ok) pausedUntil.current = performance.now() + PAUSE_MS;
      const isRefused = response.status === 401 || response.status === 403;
      if (response.ok) setAnswer((await response.json()) as Message);
      else setAnswer(isRefused ? 'server.refused' : 'server.unknown');
    } catch {
      setAnswer('server.unreachable');
    }
  }, [client]);
  useWhileVisible(panel, POLL_MS, poll);
  const counts = typeof answer === 'string' ? {} : answer;
  const count = (field: string): string => (field in counts ? formatCount(Number(counts[field]), language) : '–');
  const numbers = [
    ['server.active', count('active_connections')],
    ['server.total', count('total_connections')],
    ['server.messages', count('total_messages')],
    ['server.own', ownCounts(counts, client.greeting?.connectionId)],
  ] as const;
  return (
    <>
      <div class="server line">
        <h3>{t('nodes' in counts ? 'server.cluster' : 'server.title')}</h3>
        {typeof answer === 'string' ? (
          <p class="muted">{t(answer)}</p>
        ) : (
          <Facts class="grow" facts={numbers.map(([name, value]) => [name, t(name), value])} />
        )}
      </div>
      <NodeTable nodes={nodesOf(counts)} />
    </>
  );
}

/** How many messages the server received from this connection, and for how long it is open. */
function ownCounts({ connections }: Message, connectionId: string | undefined): string {
  const list = Array.isArray(connections) ? (connections as readonly Message[]) : [];
  const own = list.find(({ id }) => id === connectionId);
  return own === undefined ? '–' : `${String(own['message_count'])} · ${formatClock(Number(own['uptime']))}`;
}
