/** The p-th percentile (0 to 100) by nearest rank; NaN of nothing. */
export function percentile(values, p) {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Least, middle and greatest of the rounds. */
export function spread(values) {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}
