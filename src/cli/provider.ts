import { aProvider } from '../agent/check-provider.js';
import type { LlmProvider } from '../agent/llm-provider.js';
import { createDemoProvider } from '../providers/demo.js';
import { pick } from '../runtime/option-table.js';
import { CliError } from './cli-error.js';
import { failure, loadExport } from './load-module.js';
import { OPENAI_SETTINGS } from './model-settings.js';
import type { ResolvedSettings } from './settings.js';
import type { Settings } from './settings-table.js';
import { isPath } from './value-types.js';

/** The provider in use, and what the operator is told about it. */
export interface ChosenProvider {
  readonly provider: LlmProvider;
  readonly kind: 'openai' | 'demo' | 'module';
  /** `openai, model gpt-4o-mini at https://api.openai.com/v1` */
  readonly summary: string;
  /** How to use the other provider. */
  readonly hint: string;
}

const OFFLINE_HINT = '--provider demo answers offline instead.';

/**
 * Creates the provider that the settings name. The OpenAI provider is loaded only if it is used.
 * @throws CliError if a key is needed and absent, or a module exports no provider; OptionError if a setting breaks its
 * rule
 */
export async function chooseProvider(resolved: ResolvedSettings): Promise<ChosenProvider> {
  const { provider: wanted, apiKey, model, baseUrl } = resolved.settings;
  if (isPath(wanted)) return loadProvider(wanted, resolved);
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
  return {
    provider: await openAiProvider(apiKey, resolved.settings),
    kind: 'openai',
    summary: `openai: model ${model} at ${baseUrl}`,
    hint: OFFLINE_HINT,
  };
}

async function openAiProvider(apiKey: string, settings: Settings): Promise<LlmProvider> {
  const { createOpenAiProvider } = await import('../providers/openai.js');
  return createOpenAiProvider({ ...pick(settings, OPENAI_SETTINGS), apiKey, proxy: 'environment' });
}

async function loadProvider(file: string, { keyOf, environment }: ResolvedSettings): Promise<ChosenProvider> {
  const source = { file, name: 'provider', key: keyOf('provider'), environment };
  const provider = (await loadExport(source)) as LlmProvider;
  try {
    aProvider.read('provider', provider);
  } catch (error) {
    throw failure(source, `does not fit: ${(error as Error).message}`, error);
  }
  const { vendor, model } = provider;
  const named = model === undefined ? vendor : `${vendor}: model ${model}`;
  return { provider, kind: 'module', summary: `${named}, from ${file}`, hint: OFFLINE_HINT };
}
