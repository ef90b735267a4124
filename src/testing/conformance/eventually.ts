/** Pause between two checks, in milliseconds. */
const INTERVAL_MS = 4;

/** Repeats `check` until it no longer throws or rejects, for at most `timeoutMs` milliseconds; rejects with its last error. */
export async function eventually(check: () => void | Promise<void>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
