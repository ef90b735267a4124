import { describe, it } from 'vitest';
import { createDemoProvider } from '../../src/providers/demo.js';
import { createOpenAiProvider } from '../../src/providers/openai.js';
import {
  createScriptedProvider,
  llmProviderCases,
  type LlmProviderUnderTest,
  type Script,
} from '../../src/testing/index.js';
import {
  scripts,
  startOpenAiUpstream,
  type ChatBody,
  type Script as UpstreamScript,
} from '../helpers/openai-upstream.js';

const QUESTIONS = { silent: 'Say nothing', stalling: 'Stop in the middle', failing: 'Fail' } as const;

function scripted(): LlmProviderUnderTest {
  const never = new Promise<never>(() => undefined);
  const others: Readonly<Record<string, Script>> = {
    [QUESTIONS.silent]: [never],
    [QUESTIONS.stalling]: ['one ', never],
    [QUESTIONS.failing]: ['one ', new Error('Broken')],
  };
  const counted: Script = ['one ', Promise.resolve(), 'two ', [{ type: 'text-delta', text: 'three' }]];
  const provider = createScriptedProvider(({ messages }) => others[messages.at(-1)?.content ?? ''] ?? counted);
  return { provider, question: 'Count', answer: 'one two three' };
}

async function openAi(): Promise<LlmProviderUnderTest> {
  const others: Readonly<Record<string, UpstreamScript>> = {
    [QUESTIONS.silent]: { raw: 'silence' },
    [QUESTIONS.stalling]: { tokens: ['one '], end: 'stall' },
    [QUESTIONS.failing]: { tokens: ['one '], end: 'reset' },
  };
  const upstream = await startOpenAiUpstream((body: ChatBody) => {
    return others[body.messages.at(-1)?.content ?? ''] ?? scripts.echo(body);
  });
  return {
    provider: createOpenAiProvider({ apiKey: 'test', baseUrl: upstream.url, model: 'm' }),
    question: 'a question of several words',
    answer: 'You said: a question of several words',
    openCalls: () => upstream.openCount,
    close: () => upstream.close(),
  };
}

describe('LlmProvider: scripted', () => {
  for (const { name, run } of llmProviderCases(scripted, QUESTIONS)) it(name, run);
});

describe('LlmProvider: OpenAI', () => {
  for (const { name, run } of llmProviderCases(openAi, QUESTIONS)) it(name, run);
});

describe('LlmProvider: demo', () => {
  const demo = (tokensPerSecond: number) => () => ({
    provider: createDemoProvider({ tokensPerSecond }),
    question: 'What is this?',
  });
  for (const { name, run } of llmProviderCases(demo(0))) it(name, run);
});
