/**
 * One thing every implementation of a port has to do. Cases know no test runner:
 * `for (const { name, run } of runStoreCases(make)) it(name, run)`.
 */
export interface ConformanceCase {
  /** What the implementation does where the case passes. */
  readonly name: string;
  /** Rejects with an `AssertionError` where the implementation does something else. */
  readonly run: () => Promise<void>;
}
