import { onTestFinished } from 'vitest';
import { createDemoProvider } from '../../src/index.js';
import { createOpenAiProvider } from '../../src/providers/openai.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { startOpenAiUpstream } from '../helpers/openai-upstream.js';
import { llmProviderSuite } from './provider-suite.js';

llmProviderSuite('scripted', () => ({
  provider: createScriptedProvider(['one ', Promise.resolve(), 'two ', [{ type: 'text-delta', text: 'three' }]]),
  question: 'Count',
  answer: 'one two three',
}));

llmProviderSuite('demo', () => ({ provider: createDemoProvider({ tokensPerSecond: 0 }), question: 'What is this?' }));

llmProviderSuite('OpenAI', async () => {
  const upstream = await startOpenAiUpstream();
  onTestFinished(() => upstream.close());
  return {
    provider: createOpenAiProvider({ apiKey: 'test', baseUrl: upstream.url, model: 'm' }),
    question: 'a question of several words',
    answer: 'You said: a question of several words',
  };
});
