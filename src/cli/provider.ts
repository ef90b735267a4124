import type { LlmProvider } from '../agent/llm-provider.js';
import { createDemoProvider } from '../providers/demo.js';
import { CliError } from './cli-error.js';
import type { Settings } from './settings-table.js';

/** The provider in use, and what the operator is told about it. */
export interface ChosenProvider {
  readonly provider: LlmProvider;
  readonly kind: 'openai' | 'demo';
  /** `openai, model gpt-4o-mini at https://api.openai.com/v1` */
  readonly summary: string;
  /** How to get the other one. */
  readonly hint: string;
}

/**
 * Makes the provider the settings ask for. The OpenAI one is loaded only where it is used.
 * @throws CliError where it needs a key and has none; OptionError where a setting breaks its rule
 */
export async function chooseProvider(settings: Settings): Promise<ChosenProvider> {
  const { provider: wanted, apiKey, baseUrl, model, temperature, organization } = settings;
  if (wanted === 'demo' || (wanted === 'auto' && apiKey === undefined)) {
    return {
      provider: createDemoProvider(),
      kind: 'demo',
      summary: 'demo: built in, offline, no key needed',
      hint:
        apiKey === undefined
          ? 'For a real model set OPENAI_API_KEY in the environment or in .env.'
          : 'OPENAI_API_KEY is set: --provider openai uses it.',
    };
  }
  if (apiKey === undefined) {
    throw new CliError(
      'OPENAI_API_KEY: must be set for the provider openai, in the environment or in .env; a server without keys takes any text',
    );
  }
  const { createOpenAiProvider } = await import('../providers/openai.js');
  return {
    provider: createOpenAiProvider({
      apiKey,
      baseUrl,
      model,
      ...(temperature !== undefined && { temperature }),
      ...(organization !== undefined && { organization }),
    }),
    kind: 'openai',
    summary: `openai: model ${model} at ${baseUrl}`,
    hint: '--provider demo answers offline instead.',
  };
}
