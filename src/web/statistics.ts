import { Chart } from './chart.js';
import { byId, setText } from './dom.js';
import { formatBytes, formatClock, formatCount, formatMs, formatRate } from './format.js';
import type { Message } from './frames.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import type { Session } from './session.js';

const POLL_MS = 2_000;
/** How long a server that has no statistics is left alone. */
const PAUSE_MS = 30_000;

/** The numbers of this page and of the server, with two small charts. Works only while it can be seen. */
export class Statistics {
  readonly #latency = new Chart();
  readonly #throughput = new Chart();
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #url: URL;
  #visible = false;
  #nextPoll = 0;
  #polling = false;

  constructor(session: Session, i18n: I18n, url: URL) {
    this.#session = session;
    this.#i18n = i18n;
    this.#url = url;
    byId('chart-latency', HTMLElement).append(this.#latency.element);
    byId('chart-throughput', HTMLElement).append(this.#throughput.element);
    new IntersectionObserver(([entry]) => {
      this.#visible = entry?.isIntersecting ?? false;
      this.#tick();
    }).observe(byId('statistics', HTMLElement));
    const probe = byId('probe', HTMLInputElement);
    probe.addEventListener('change', () => (session.probing = probe.checked));
    setInterval(() => this.#tick(), 1_000);
    i18n.changed.on(() => this.#draw());
    session.runs.counted.on(() => this.#draw());
    session.connection.changed.on(() => {
      this.#nextPoll = 0;
      this.#draw();
    });
  }

  #tick(): void {
    if (!this.#visible || document.hidden) return;
    this.#draw();
    if (performance.now() >= this.#nextPoll) void this.#poll();
  }

  #draw(): void {
    const { counters, latency, throughput, runs } = this.#session;
    const { language } = this.#i18n;
    const t = this.#i18n.t.bind(this.#i18n);
    const ms = (value: number | undefined): string => (value === undefined ? '–' : formatMs(value));
    const half = latency.percentile(0.5);
    const most = latency.percentile(0.95);
    const rate = throughput.chunks.at(-1) ?? 0;
    const bytes = throughput.bytes.at(-1) ?? 0;
    show('stat-latency', ms(latency.last));
    show('stat-latency-more', half === undefined ? '' : `p50 ${ms(half)} · p95 ${ms(most)}`);
    show('stat-rate', `${formatRate(rate)}/s`);
    show('stat-rate-more', `${formatBytes(bytes)}/s`);
    show('stat-sent', formatCount(counters.sent, language));
    show('stat-sent-more', formatBytes(counters.bytesSent));
    show('stat-received', formatCount(counters.received, language));
    show('stat-received-more', formatBytes(counters.bytesReceived));
    const { finished, cancelled, failed, interrupted, lost, unknown } = runs.counts;
    show('stat-runs', formatCount(runs.live.length, language));
    show('stat-runs-more', t('stat.runsMore', { finished, cancelled, failed: failed + interrupted + lost + unknown }));
    const topMs = this.#latency.draw(latency.samples, t('chart.latency', { last: ms(latency.last), p50: ms(half) }));
    const topRate = this.#throughput.draw(throughput.chunks, t('chart.throughput', { rate: formatRate(rate) }));
    show('chart-latency-top', formatMs(topMs));
    show('chart-throughput-top', `${topRate}/s`);
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    this.#nextPoll = performance.now() + POLL_MS;
    try {
      const response = await fetch(this.#url, { headers: { accept: 'application/json' } });
      if (response.ok) {
        this.#showServer((await response.json()) as Message);
      } else {
        this.#nextPoll = performance.now() + PAUSE_MS;
        this.#showNoServer('server.unknown');
      }
    } catch {
      this.#showNoServer('server.unreachable');
    }
    this.#polling = false;
  }

  #showNoServer(key: TextKey): void {
    show('server-note', this.#i18n.t(key));
    byId('server-note', HTMLElement).hidden = false;
    byId('server-numbers', HTMLElement).hidden = true;
  }

  #showServer(statistics: Message): void {
    byId('server-note', HTMLElement).hidden = true;
    byId('server-numbers', HTMLElement).hidden = false;
    const { language } = this.#i18n;
    const count = (key: string): string => formatCount(Number(statistics[key] ?? 0), language);
    show('server-active', count('active_connections'));
    show('server-total', count('total_connections'));
    show('server-messages', count('total_messages'));
    const list = Array.isArray(statistics['connections']) ? (statistics['connections'] as readonly Message[]) : [];
    const own = list.find((connection) => connection['id'] === this.#session.hello?.['connection_id']);
    const known = own !== undefined && typeof own['uptime'] === 'number';
    show('server-own', known ? `${String(own['message_count'])} · ${formatClock(Number(own['uptime']))}` : '–');
  }
}

function show(id: string, text: string): void {
  setText(byId(id, HTMLElement), text);
}
