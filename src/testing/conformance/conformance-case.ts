/**
 * One requirement of a port, as a test without a test runner:
 * `for (const { name, run } of runStoreCases(make)) it(name, run)`.
 */
export interface ConformanceCase {
  /** What the implementation does if the case passes. */
  readonly name: string;
  /** Rejects with an `AssertionError` if the implementation does something else. */
  readonly run: () => Promise<void>;
}
