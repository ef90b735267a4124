import type { KnownPrincipal, Principal } from '../connection/principal.js';
import { isFinal, type FinalState } from '../store/run-state.js';
import type { RunKind } from '../store/run-store.js';
import type { Run } from './run.js';

/** What a run has used, for a bill. */
export interface RunUsage<P extends Principal = Principal> {
  /** Whose run it was. Of a run that an earlier process or another node began, only `id` and `scopes` are known. */
  readonly principal: KnownPrincipal<P>;
  readonly runId: string;
  readonly kind: RunKind;
  readonly conversationId: string | undefined;
  /** How the run ended. */
  readonly state: FinalState;
  /** Name of the model, if one was asked. */
  readonly model: string | undefined;
  /** Tokens of everything that the model read, with those from a cache. */
  readonly inputTokens: number;
  /** Tokens of everything that the model wrote, with its reasoning. */
  readonly outputTokens: number;
  /** The part of `inputTokens` that came from a cache, if the provider says so. */
  readonly cachedInputTokens: number | undefined;
  /** Whether some of the tokens are an estimate, such as those of an answer that was cancelled. */
  readonly estimated: boolean;
  /** Calls of tools that were answered, by the model or by `tool_call`. */
  readonly toolCalls: number;
}

/** What a run that is over has used; `undefined` if it asked no model and called no tool, or nothing is known of it. */
export function usageOfRun({ principal, meta, state, model, usage, toolCalls }: Run): RunUsage | undefined {
  if (!isFinal(state) || (usage === undefined && toolCalls === 0)) return undefined;
  return {
    principal,
    runId: meta.id,
    kind: meta.kind,
    conversationId: meta.conversationId,
    state,
    model,
    inputTokens: usage?.input_tokens ?? 0,
    outputTokens: usage?.output_tokens ?? 0,
    cachedInputTokens: usage?.cached_input_tokens,
    estimated: usage?.estimated === true,
    toolCalls,
  };
}
