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

/** Whether a value of ours keeps the absolute limits of a goal. */
export const within = ({ atMost = Infinity, atLeast = -Infinity }, value) => value <= atMost && value >= atLeast;

/**
 * Whether a metric reached its goal at the median: `null` if it has no goal.
 * Goals: `ratioAtMost`, `ratioAtLeast`; `atMost`, `atLeast` (ours, absolute).
 */
export function reached(line) {
  const { goal } = line;
  if (!goal) return null;
  return (
    (goal.ratioAtMost === undefined || median(ratios(line)) <= goal.ratioAtMost) &&
    (goal.ratioAtLeast === undefined || median(ratios(line)) >= goal.ratioAtLeast) &&
    within(goal, median(line.ours))
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

/** The median and, in brackets, the least and the greatest. */
export const range = (values) => {
  if (values.length === 0) return '';
  const { min, median: middle, max } = spread(values);
  return min === max ? short(middle) : `${short(middle)} (${short(min)} … ${short(max)})`;
};

/** The last columns: what a change did to the figure if that was judged, else its goal. */
function outcome(line) {
  const disturbed = line.disturbed.includes(true) ? ' (disturbed)' : '';
  if (line.verdict !== undefined) return [line.verdict + disturbed];
  const ok = reached(line);
  return [goalText(line.goal), `${ok === null ? '' : ok ? 'reached' : 'MISSED'}${disturbed}`];
}

/** The metrics as an aligned table: median and (least … greatest) of the rounds. */
export function table(lines, [bare, ours]) {
  const cells = lines.map((line) => [
    line.label,
    line.unit,
    range(line.bare),
    range(line.ours),
    range(ratios(line)),
    ...outcome(line),
  ]);
  const isJudged = lines.some((line) => line.verdict !== undefined);
  const rows = [['', 'unit', bare, ours, 'ratio', ...(isJudged ? ['change'] : ['goal', ''])], ...cells];
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
