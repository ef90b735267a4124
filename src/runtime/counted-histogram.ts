/** A histogram of plain numbers: to count a value takes neither memory nor a call of a library. */
export class CountedHistogram {
  /** Upper bounds of the buckets, ascending; each includes its bound. */
  readonly bounds: readonly number[];
  /** Number of values in each bucket, and last of those above every bound. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}
