import type { RunRecord } from './run-records.js';

/** The drawing of a small chart. */
export const CHART = { width: 220, height: 56, points: 60 } as const;

/** The SVG paths of the values, the newest at the right edge, and the value at the top. */
export function drawChart(values: readonly number[]) {
  const { width, height, points } = CHART;
  const top = niceTop(Math.max(...values, 0));
  if (values.length < 2) return { top, line: '', area: '' };
  const step = width / (points - 1);
  const left = width - (values.length - 1) * step;
  const places = values.map((value, index) => {
    return `${(left + index * step).toFixed(1)} ${(height - 1 - (value / top) * (height - 4)).toFixed(1)}`;
  });
  const line = `M${places.join('L')}`;
  return { top, line, area: `${line}V${height}H${left.toFixed(1)}Z` };
}

/** The next 1, 2 or 5 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

/** The strip of a run: its time in slots of the same length. */
export const RHYTHM = { slots: 160, height: 22 } as const;

/** The SVG paths of the slots in which a piece came, of those before the first piece, and of the others. */
export function drawRhythm({ arrivals, startedAt, endedAt }: RunRecord, now: number) {
  const { slots, height } = RHYTHM;
  const span = Math.max((endedAt ?? now) - startedAt, 1);
  const weights = new Array<number>(slots).fill(0);
  for (const { at, weight } of arrivals) {
    const slot = Math.max(0, Math.min(slots - 1, Math.floor(((at - startedAt) / span) * slots)));
    weights[slot] = (weights[slot] ?? 0) + weight;
  }
  const most = Math.max(...weights, 1);
  const first = weights.findIndex((weight) => weight > 0);
  const paths = { piece: '', wait: '', rest: '' };
  for (const [slot, weight] of weights.entries()) {
    // The square root keeps single tokens visible beside a burst.
    const bar = weight === 0 ? 2 : 4 + (height - 4) * Math.sqrt(weight / most);
    paths[weight > 0 ? 'piece' : slot < first ? 'wait' : 'rest'] +=
      `M${slot + 0.5} ${((height - bar) / 2).toFixed(1)}v${bar.toFixed(1)}`;
  }
  return paths;
}
