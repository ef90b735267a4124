/** A value now, or later: a port that a store in memory answers at once, and a store behind a network in a while. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value comes later. Promises of other libraries count as well. */
export function isLater<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise || typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * Goes on with a value: at once, within the call, where it is here already, so that order and cost of what needs no
 * waiting stay what they are. What `next` throws is thrown or rejected accordingly.
 */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isLater(value) ? value.then(next) : next(value);
}

/** Does `work`, and goes on with `failed` where it throws or rejects. */
export function orElse<T>(work: () => Awaitable<T>, failed: (error: unknown) => Awaitable<T>): Awaitable<T> {
  let value: Awaitable<T>;
  try {
    value = work();
  } catch (error) {
    return failed(error);
  }
  return isLater(value) ? value.then(undefined, failed) : value;
}

/** All of them, once they are here. */
export function allOf<T>(values: readonly Awaitable<T>[]): Awaitable<T[]> {
  return values.some(isLater) ? Promise.all(values) : (values as T[]);
}
