import type { AbortSource } from '../runtime/abort.js';
import type { LlmPart, LlmProvider, LlmRequest, LlmStreamOptions } from './llm-provider.js';

/** What a {@link LeanStream} gets. */
export interface LeanOptions extends Omit<LlmStreamOptions, 'signal'> {
  /** In place of a signal. */
  readonly abort: AbortSource;
  /** Takes the parts that arrived together. The next parts wait for the promise, if there is one. */
  readonly take: (parts: readonly LlmPart[]) => Promise<void> | undefined;
}

/**
 * Like `stream` of a provider, with calls in place of an iterator and a signal, which cost a promise for each read and an
 * `AbortSignal` for each query. Resolves at the end of the answer.
 */
export type LeanStream = (request: LlmRequest, options: LeanOptions) => Promise<void>;

/**
 * The lean streams of this library's own providers, by their `stream`: a provider that wraps another has a `stream` of its
 * own, and is asked like any other.
 */
export const leanStreams = new WeakMap<LlmProvider['stream'], LeanStream>();
