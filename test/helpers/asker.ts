import type { LlmStreamOptions } from '../../src/agent/llm-provider.js';

/** The asker for tests in which it does not matter. */
export function askedBy(signal: AbortSignal = new AbortController().signal): LlmStreamOptions {
  return { signal, principal: { id: 'ada' }, runId: '00000000-0000-4000-8000-000000000001' };
}
