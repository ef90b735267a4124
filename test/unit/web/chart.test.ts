import { expect, it } from 'vitest';
import { CHART, drawChart } from '../../../src/web/frames/chart.js';

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
