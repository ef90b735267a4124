/** A value or a promise of it: a store in memory answers at once, a store behind a network later. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is a promise, of any library. */
export function isLater<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise || typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * Calls `next` with a value: at once, within the call, if the value is not a promise, so that synchronous code stays in
 * order and cheap. An error of `next` is thrown or rejects accordingly.
 */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isLater(value) ? value.then(next) : next(value);
}

/** Does `work`, and calls `failed` if it throws or rejects. */
export function orElse<T>(work: () => Awaitable<T>, failed: (error: unknown) => Awaitable<T>): Awaitable<T> {
  let value: Awaitable<T>;
  try {
    value = work();
  } catch (error) {
    return failed(error);
  }
  return isLater(value) ? value.then(undefined, failed) : value;
}

/** All values, once all of them are available. */
export function allOf<T>(values: readonly Awaitable<T>[]): Awaitable<T[]> {
  return values.some(isLater) ? Promise.all(values) : (values as T[]);
}
