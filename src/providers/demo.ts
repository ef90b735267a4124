import { estimateTokens } from '../agent/estimate-tokens.js';
import type { LlmPart, LlmProvider } from '../agent/llm-provider.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { must } from '../runtime/rule.js';
import { answerTo } from './demo/answer.js';
import { pace } from './demo/pace.js';
import { splitText } from './demo/split-text.js';

/** What {@link createDemoProvider} takes. */
export interface DemoProviderOptions {
  /**
   * How fast the answer streams, in word-like tokens per second; `0` for no delay at all.
   * @default 40
   */
  tokensPerSecond?: number | undefined;
}

export const DEMO_PROVIDER_OPTIONS = {
  tokensPerSecond: {
    text: 'How fast the answer streams, in word-like tokens per second; `0` for no delay at all.',
    rule: must('a number of at least 0', (value) => Number.isFinite(value) && (value as number) >= 0),
    default: 40,
  },
} as const satisfies OptionTable<DemoProviderOptions>;

/**
 * A model that is none: a guide through the product that needs no key and no network. The same question
 * gets the same answer in the same pieces, in Chinese or English. Sums and questions for the time are
 * answered through the tools `calculator` and `current_time` where the request offers them, so that the
 * whole agent loop can be seen at work.
 * @throws OptionError where an option breaks its rule.
 */
export function createDemoProvider(options: DemoProviderOptions = {}): LlmProvider {
  const { tokensPerSecond } = checkOptions(options, DEMO_PROVIDER_OPTIONS);
  return {
    vendor: 'demo',
    model: 'demo-1',
    async *stream({ messages, tools }, { signal }): AsyncGenerator<LlmPart> {
      signal.throwIfAborted();
      const inputTokens = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
      const answer = answerTo(messages, tools);
      if (answer.kind === 'tool-calls') {
        for (const call of answer.calls) yield { type: 'tool-call', ...call };
        const said = answer.calls.map((call) => call.name + call.arguments).join('');
        yield { type: 'usage', inputTokens, outputTokens: estimateTokens(said), estimated: true };
        yield { type: 'finish', reason: 'tool_calls' };
        return;
      }
      const pieces = splitText(answer.text, answer.language);
      for await (const text of pace(pieces, tokensPerSecond, signal)) yield { type: 'text-delta', text };
      yield { type: 'usage', inputTokens, outputTokens: estimateTokens(answer.text), estimated: true };
      yield { type: 'finish', reason: 'stop' };
    },
  };
}
