import type { LlmStreamOptions } from '../../src/agent/llm-provider.js';

/** What goes with a request to a provider, where it does not matter who asks. */
export function askedBy(signal: AbortSignal = new AbortController().signal): LlmStreamOptions {
  return { signal, principal: { id: 'ada' }, runId: '00000000-0000-4000-8000-000000000001' };
}
