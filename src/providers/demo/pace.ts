import { setTimeout as wait } from 'node:timers/promises';

/**
 * Hands out `pieces` at `perSecond`, the first at once; `0` means without delay. Each piece has its time
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
    // The timer takes the signal: an abort clears it at once. What it then throws matters not, the next line throws.
    if (due > 0) await wait(due, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    yield piece;
  }
  signal.throwIfAborted();
}
