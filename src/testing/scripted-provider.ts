import type { LlmPart, LlmProvider, LlmRequest, LlmStreamOptions } from '../agent/llm-provider.js';

/** One step of a {@link Script}: a part, parts that arrive together, a wait, or an error to throw. */
export type ScriptStep = LlmPart | readonly LlmPart[] | Promise<unknown> | Error | string;

/** What one model call does, step by step. A string is a `text-delta`. */
export type Script = readonly ScriptStep[];

/** A call of the provider. */
export interface ScriptedCall {
  readonly request: LlmRequest;
  readonly signal: AbortSignal;
}

/** A provider that follows scripts and records its calls. */
export interface ScriptedProvider extends LlmProvider {
  /** Every model call so far. */
  readonly calls: readonly ScriptedCall[];
}

/**
 * Makes a provider that follows scripts: the first model call follows the first script, and so on; the last script
 * repeats. A wait ends early when the signal aborts, with the error of the signal. A function decides for each call.
 *
 * @example
 * createScriptedProvider(['Hello, ', 'world'])
 * createScriptedProvider([{ type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"1+1"}' }], ['Two'])
 */
export function createScriptedProvider(
  ...scripts: readonly (Script | ((request: LlmRequest) => Script))[]
): ScriptedProvider {
  const calls: ScriptedCall[] = [];
  return {
    vendor: 'scripted',
    model: 'script-1',
    calls,
    async *stream(request: LlmRequest, { signal }: LlmStreamOptions) {
      const script = scripts[Math.min(calls.length, scripts.length - 1)] ?? [];
      calls.push({ request, signal });
      for (const step of typeof script === 'function' ? script(request) : script) {
        signal.throwIfAborted();
        if (typeof step === 'string') yield { type: 'text-delta', text: step };
        else if (step instanceof Promise) await orAbort(step, signal);
        else if (step instanceof Error) throw step;
        else yield step;
      }
    },
  };
}

function orAbort(step: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    step.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
