import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import { replyCode } from './redis-client.js';

/** How long a person waits for Redis, in milliseconds: longer than it takes to connect again. */
const PATIENCE_MS = 10_000;
/** First and longest pause between two attempts, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;
/** Answers of a Redis that will do it later. */
const LATER = new Set(['LOADING', 'BUSY', 'CLUSTERDOWN', 'TRYAGAIN', 'MASTERDOWN', 'READONLY', 'OOM', 'MISCONF']);

/**
 * Repeats what may be done twice until Redis answers.
 * @throws AgentSocketError `store_unavailable` if it does not within 10 s; what Redis answers if that would not change
 */
export async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
    try {
      return await work();
    } catch (cause) {
      const code = replyCode(cause);
      if (code !== undefined && !LATER.has(code)) throw cause;
      if (performance.now() + pause > end) {
        throw new AgentSocketError('store_unavailable', 'Redis does not answer', { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
