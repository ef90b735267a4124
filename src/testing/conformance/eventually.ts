/** How often it is looked at, in milliseconds. */
const INTERVAL_MS = 4;

/** Waits until `check` no longer throws, for `timeoutMs` milliseconds at most; rejects with what it threw last. */
export async function eventually(check: () => void, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
