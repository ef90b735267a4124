import { setTimeout as wait } from 'node:timers/promises';

/**
 * Yields `pieces` at the rate `perSecond`, the first at once; `0` means without delay. The time of each piece is
 * counted from the start, so that late timers do not add up.
 * @throws the reason of `signal`, as soon as it aborts.
 */
export async function* pace(
  pieces: readonly string[],
  perSecond: number,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const start = performance.now();
  for (const [index, piece] of pieces.entries()) {
    const due = perSecond === 0 ? 0 : start + (index * 1000) / perSecond - performance.now();
    // An abort ends the timer. Its error is ignored, because the next line throws the reason of the signal.
    if (due > 0) await wait(due, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    yield piece;
  }
  signal.throwIfAborted();
}
