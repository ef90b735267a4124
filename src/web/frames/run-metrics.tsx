/**
 * `<RunMetrics runs={recording.runs} runId={…} />`: the numbers of a run and its rhythm, out of the frames that this
 * page saw. It renders nothing for a run that the page did not see. `<Rhythm>` stands above it in an answer.
 */
import './statistics.css';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';
import type { TextKey } from '../locale/texts.js';
import { formatMs, formatRate } from '../ui/format.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import type { RunRecord, RunRecords } from './run-records.js';
import { useRedraw } from './use-redraw.js';

interface RunProps {
  readonly runs: RunRecords;
  readonly runId: string;
}

/** How often the numbers of a run in progress are drawn. */
const TICK_MS = 100;
const HEIGHT = 22;
const BAR = 2;
const GAP = 1;

export function RunMetrics({ runs, runId }: RunProps) {
  const i18n = useI18n();
  const run = useRun(runs, runId);
  if (run === undefined) return null;
  return (
    <dl class="metrics">
      {metricsOf(run, i18n).map(([name, value]) => (
        <div key={name} data-metric={name}>
          <dt>{i18n.t(`metric.${name}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * A strip from the question to the end, on which every piece leaves a mark. The empty stretch at its left is the wait
 * for the first piece; a hole further right is a stall.
 */
export function Rhythm({ runs, runId }: RunProps) {
  const { t } = useI18n();
  const run = useRun(runs, runId);
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current !== null && run !== undefined) draw(canvas.current, run);
  });
  if (run === undefined || run.chunks === 0) return null;
  return (
    <canvas
      ref={canvas}
      class={run.end === undefined && !run.isCut ? 'rhythm is-live' : 'rhythm'}
      role="img"
      aria-label={t('answer.rhythm', { count: run.chunks })}
    />
  );
}

function useRun(runs: RunRecords, runId: string): RunRecord | undefined {
  const run = runs.get(runId);
  const isLive = run !== undefined && run.end === undefined && !run.isCut;
  const subscribe = useCallback(
    (listener: () => void) => {
      if (isLive) {
        const timer = setInterval(listener, TICK_MS);
        return () => clearInterval(timer);
      }
      return runs.changed.on((changed) => {
        if (changed.runId === runId) listener();
      });
    },
    [runs, runId, isLive],
  );
  useRedraw(subscribe);
  return run;
}

type MetricName = Extract<TextKey, `metric.${string}`> extends `metric.${infer Name}` ? Name : never;

function metricsOf(run: RunRecord, { maybe }: I18n): readonly (readonly [MetricName, string])[] {
  const { arrivals, chunks, startedAt, endedAt, last: { usage, reason: code, finish_reason: finish } = {} } = run;
  const first = arrivals[0]?.at;
  const spanMs = (arrivals.at(-1)?.at ?? 0) - (first ?? 0);
  const perSecond = (count: number): string | undefined =>
    spanMs < 1 || count < 1 ? undefined : formatRate((count * 1000) / spanMs);
  const tokenRate = chunks === 0 || usage === undefined ? undefined : perSecond(usage.output_tokens);
  const reason = code && (maybe(`reason.${code}`) ?? code);
  const about = usage?.estimated === true ? '≈ ' : '';
  const metrics: readonly (readonly [MetricName, string | undefined])[] = [
    ['first', chunks === 0 || first === undefined ? undefined : formatMs(first - startedAt)],
    ['chunks', chunks === 0 ? undefined : String(chunks)],
    ['tokenRate', tokenRate],
    ['chunkRate', tokenRate === undefined && chunks > 0 ? perSecond(chunks - 1) : undefined],
    ['elapsed', formatMs((endedAt ?? performance.now()) - startedAt)],
    ['usage', usage && `${about}${usage.input_tokens} → ${usage.output_tokens}`],
    ['cached', usage?.cached_input_tokens?.toString()],
    ['reasoning', usage?.reasoning_tokens?.toString()],
    ['finish', join(finish, reason)],
    ['model', join(run.vendor, run.model)],
  ];
  return metrics.filter((metric): metric is [MetricName, string] => metric[1] !== undefined && metric[1] !== '');
}

function join(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

function draw(canvas: HTMLCanvasElement, { arrivals, startedAt, endedAt }: RunRecord): void {
  const width = canvas.clientWidth;
  const context = canvas.getContext('2d');
  if (width === 0 || context === null) return;
  const scale = window.devicePixelRatio;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(HEIGHT * scale)) canvas.height = Math.round(HEIGHT * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  const style = getComputedStyle(canvas);
  const [mark, wait, rest] = [style.color, style.getPropertyValue('--wait'), style.getPropertyValue('--rest')];
  const slots = Math.floor(width / (BAR + GAP));
  const weights = new Array<number>(slots).fill(0);
  const span = Math.max((endedAt ?? performance.now()) - startedAt, 1);
  for (const { at, weight } of arrivals) {
    const slot = Math.max(0, Math.min(slots - 1, Math.floor(((at - startedAt) / span) * slots)));
    weights[slot] = (weights[slot] ?? 0) + weight;
  }
  const most = Math.max(...weights, 1);
  const firstSlot = weights.findIndex((weight) => weight > 0);
  for (const [slot, weight] of weights.entries()) {
    // The square root keeps single tokens visible beside a burst.
    const height = weight === 0 ? 2 : 4 + (HEIGHT - 4) * Math.sqrt(weight / most);
    context.fillStyle = weight > 0 ? mark : slot < firstSlot ? wait : rest;
    context.fillRect(slot * (BAR + GAP), (HEIGHT - height) / 2, BAR, height);
  }
}
