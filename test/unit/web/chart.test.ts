import { expect, it } from 'vitest';
import { CHART, drawChart, drawRhythm, RHYTHM } from '../../../src/web/frames/chart.js';

it.each([
  [[], 1],
  [[0.4, 0.2], 1],
  [[7, 3], 10],
  [[140, 12], 200],
  [[201, 12], 500],
])('draws %j below a round value', (values, top) => {
  expect(drawChart(values).top).toBe(top);
});

it('draws the newest value at the right edge, and nothing of one value', () => {
  expect(drawChart([5]).line).toBe('');
  const { line, area } = drawChart([0, 10]);
  const left = CHART.width - CHART.width / (CHART.points - 1);
  expect(line).toBe(`M${left.toFixed(1)} ${(CHART.height - 1).toFixed(1)}L${CHART.width.toFixed(1)} 3.0`);
  expect(area.startsWith(line)).toBe(true);
});

it('draws a piece where it came, and the wait before the first one apart from later gaps', () => {
  const { slots, height } = RHYTHM;
  const arrivals = [slots / 2, slots / 2 + 2].map((slot) => ({ at: slot, weight: 1 }));
  const run = {
    runId: 'r',
    request: undefined,
    startedAt: 0,
    endedAt: slots,
    arrivals,
    chunks: 2,
    seq: 2,
    isCut: false,
  };
  const drawn = drawRhythm(run, Infinity);
  const placesOf = (path: string) => [...path.matchAll(/M(\d+)/g)].map(([, x]) => Number(x));
  expect(drawn.piece).toBe([0, 2].map((after) => `M${slots / 2 + after}.5 0.0v${height}.0`).join(''));
  expect(placesOf(drawn.wait)).toEqual([...new Array(slots / 2).keys()]);
  expect(placesOf(drawn.rest)).toHaveLength(slots / 2 - 2);
});
