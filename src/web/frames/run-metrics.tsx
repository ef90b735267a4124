/**
 * What a run cost and how it went: out of the frames that this page saw of it, or out of the history. `<Rhythm>` stands
 * above the numbers.
 */
import { useCallback } from 'preact/hooks';
import type { ChatMessage } from '../../client/react.js';
import type { TextKey } from '../locale/texts.js';
import { Facts } from '../ui/facts.js';
import { formatMs, formatRate } from '../ui/format.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { drawRhythm, RHYTHM } from './chart.js';
import { recording } from './recording.js';
import type { RunRecord } from './run-records.js';
import { useRedraw } from '../ui/redraw.js';

/** How often the numbers of a run in progress are drawn: a person can read no faster. */
const TICK_MS = 250;

interface RunMetricsProps {
  readonly runId: string | undefined;
  /** What the history knows of it. */
  readonly answer: ChatMessage | undefined;
}

export function RunMetrics({ runId = '', answer }: RunMetricsProps) {
  const i18n = useI18n();
  const run = useRun(runId);
  const metrics = run === undefined ? answer && costOf(answer) : metricsOf(run, i18n);
  return <Facts class="metrics" facts={(metrics ?? []).map(([key, value]) => [key, i18n.t(key), value])} />;
}

/**
 * A strip from the question to the end, on which every piece leaves a mark. The empty stretch at its left is the wait
 * for the first piece; a hole further right is a stall.
 */
export function Rhythm({ runId }: { readonly runId: string }) {
  const run = useRun(runId);
  const { t } = useI18n();
  if (run === undefined || run.chunks === 0) return null;
  const { slots, height } = RHYTHM;
  const paths = drawRhythm(run, performance.now());
  return (
    <svg
      class={isLive(run) ? 'rhythm is-live' : 'rhythm'}
      viewBox={`0 0 ${slots} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('answer.rhythm', { count: run.chunks })}
    >
      {Object.entries(paths).map(([name, path]) => (
        <path key={name} class={name} d={path} />
      ))}
    </svg>
  );
}

function isLive({ end, isCut }: RunRecord): boolean {
  return end === undefined && !isCut;
}

function useRun(runId: string): RunRecord | undefined {
  const { runs } = recording;
  const run = runs.get(runId);
  const isRunning = run !== undefined && isLive(run);
  const subscribe = useCallback(
    (listener: () => void) => {
      if (isRunning) {
        const timer = setInterval(listener, TICK_MS);
        return () => clearInterval(timer);
      }
      return runs.changed.on((changed) => {
        if (changed.runId === runId) listener();
      });
    },
    [runId, isRunning],
  );
  useRedraw(subscribe);
  return run;
}

/** The names of metrics with their texts, in the order in which they are shown. */
type Metrics = readonly (readonly [TextKey & `metric.${string}`, string | undefined])[];

/** What the history knows of the cost of an answer. */
function costOf({ usage, finishReason, model }: ChatMessage): Metrics {
  return [
    ['metric.usage', usage && tokens(usage.inputTokens, usage.outputTokens, usage.estimated)],
    ['metric.cached', usage?.cachedInputTokens?.toString()],
    ['metric.reasoning', usage?.reasoningTokens?.toString()],
    ['metric.finish', finishReason],
    ['metric.model', model],
  ];
}

function metricsOf(run: RunRecord, { maybe }: I18n): Metrics {
  const { arrivals, chunks, startedAt, endedAt, last: { usage, reason: code, finish_reason: finish } = {} } = run;
  const first = arrivals[0]?.at;
  const spanMs = (arrivals.at(-1)?.at ?? 0) - (first ?? 0);
  const perSecond = (count: number): string | undefined =>
    spanMs < 1 || count < 1 ? undefined : formatRate((count * 1000) / spanMs);
  const tokenRate = chunks === 0 || usage === undefined ? undefined : perSecond(usage.output_tokens);
  return [
    ['metric.first', chunks === 0 || first === undefined ? undefined : formatMs(first - startedAt)],
    ['metric.chunks', chunks === 0 ? undefined : String(chunks)],
    ['metric.tokenRate', tokenRate],
    ['metric.chunkRate', tokenRate === undefined && chunks > 0 ? perSecond(chunks - 1) : undefined],
    ['metric.elapsed', formatMs((endedAt ?? performance.now()) - startedAt)],
    ['metric.usage', usage && tokens(usage.input_tokens, usage.output_tokens, usage.estimated)],
    ['metric.cached', usage?.cached_input_tokens?.toString()],
    ['metric.reasoning', usage?.reasoning_tokens?.toString()],
    ['metric.finish', join(finish, code && (maybe(`reason.${code}`) ?? code))],
    ['metric.model', join(run.vendor, run.model)],
  ];
}

function tokens(input: number, output: number, isEstimated = false): string {
  return `${isEstimated ? '≈ ' : ''}${input} → ${output}`;
}

function join(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}
