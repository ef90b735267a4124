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
