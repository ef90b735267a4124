import { median, spread } from './numbers.js';

/** A number with three significant digits. */
export function short(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** The ratio ours to bare of each round. */
export function ratios({ bare, ours }) {
  if (bare.length === 0) return [];
  return ours.map((value, i) => (value === bare[i] ? 1 : value / bare[i]));
}

/**
 * Whether a metric reached its goal at the median: `null` if it has no goal.
 * Goals: `ratioAtMost`, `ratioAtLeast`; `atMost`, `atLeast` (ours, absolute).
 */
export function reached(line) {
  const { goal } = line;
  if (!goal) return null;
  const ours = median(line.ours);
  return (
    (goal.ratioAtMost === undefined || median(ratios(line)) <= goal.ratioAtMost) &&
    (goal.ratioAtLeast === undefined || median(ratios(line)) >= goal.ratioAtLeast) &&
    (goal.atMost === undefined || ours <= goal.atMost) &&
    (goal.atLeast === undefined || ours >= goal.atLeast)
  );
}

function goalText(goal) {
  if (!goal) return '';
  const parts = [];
  if (goal.ratioAtMost !== undefined) parts.push(`ratio ≤ ${goal.ratioAtMost}`);
  if (goal.ratioAtLeast !== undefined) parts.push(`ratio ≥ ${goal.ratioAtLeast}`);
  if (goal.atMost !== undefined) parts.push(`≤ ${goal.atMost}`);
  if (goal.atLeast !== undefined) parts.push(`≥ ${goal.atLeast}`);
  return parts.join(', ');
}

const range = (values) => {
  if (values.length === 0) return '';
  const { min, median: middle, max } = spread(values);
  return min === max ? short(middle) : `${short(middle)} (${short(min)} … ${short(max)})`;
};

/** The metrics as an aligned table: median and (least … greatest) of the rounds. */
export function table(lines) {
  const rows = [
    ['', 'unit', 'bare ws', 'agent-ws', 'ratio', 'goal', ''],
    ...lines.map((line) => {
      const ok = reached(line);
      return [
        line.label,
        line.unit,
        range(line.bare),
        range(line.ours),
        range(ratios(line)),
        goalText(line.goal),
        `${ok === null ? '' : ok ? 'reached' : 'MISSED'}${line.disturbed.includes(true) ? ' (disturbed)' : ''}`,
      ];
    }),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
