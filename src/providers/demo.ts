/** `agent-ws/demo`: a provider that needs no key and no network. */
import { estimateTokens } from '../agent/estimate-tokens.js';
import type { LlmPart, LlmProvider } from '../agent/llm-provider.js';
import { checkOptions } from '../runtime/option-table.js';
import { answerTo } from './demo/answer.js';
import { DEMO_PROVIDER_OPTIONS, type DemoProviderOptions } from './demo/options.js';
import { pace } from './demo/pace.js';
import { splitText } from './demo/split-text.js';

export type { DemoProviderOptions } from './demo/options.js';

/**
 * A provider without a model: it guides people through the product, and needs no key and no network. The same question
 * gets the same answer in the same pieces, in Chinese or English. The tools `calculator` and `current_time`, if the
 * request offers them, answer sums and questions for the time, so that the demo shows the whole agent loop.
 * @throws OptionError if an option breaks its rule.
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
