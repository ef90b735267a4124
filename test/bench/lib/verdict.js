import { median } from './numbers.js';
import { within } from './table.js';

/** The share of the other build's figure by which the median has to differ. */
const LEAST_MOVE = 0.05;

/**
 * What a change did to a figure: it moved if it differs in the same direction in every round, and at the median by more
 * than 5 %. A rule is broken by one round. Context is not judged.
 */
function verdict({ kind, goal, bare, ours }) {
  if (kind === 'context') return '';
  if (kind === 'rule') return ours.every((value) => within(goal, value)) ? 'same' : 'broken';
  // Differences and not ratios: growth of memory may be zero or less.
  const differences = ours.map((value, i) => value - bare[i]);
  const up = differences.every((difference) => difference > 0);
  const down = differences.every((difference) => difference < 0);
  if (!up && !down) return 'same';
  if (Math.abs(median(differences)) <= LEAST_MOVE * Math.abs(median(bare))) return 'same';
  return up === (kind === 'cost') ? 'worse' : 'better';
}

/**
 * Measures a row and judges every line of it. What a process was lucky or unlucky with stays for all its rounds: if
 * something got worse, the row is measured once more with new processes, and what is not worse again is the same.
 * @param {() => Promise<object[]>} measure
 */
export async function judged(measure) {
  const judge = (lines) => lines.map((line) => ({ ...line, verdict: verdict(line) }));
  const lines = judge(await measure());
  if (!lines.some((line) => line.verdict === 'worse')) return lines;
  const again = judge(await measure());
  return again.map((line, i) => {
    if (lines[i].verdict === 'broken') return lines[i];
    return line.verdict === 'worse' && lines[i].verdict !== 'worse' ? { ...line, verdict: 'same' } : line;
  });
}

/** Whether a change must not pass because of this line. */
export const isStepBack = ({ verdict: seen }) => seen === 'worse' || seen === 'broken';
