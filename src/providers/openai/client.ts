import type { OpenAiClientLike, OpenAiConnection } from './options.js';
import { createUndiciFetch } from './undici-fetch.js';

/**
 * Loads the `openai` package and makes a client whose `fetch` is ours. Everything the package would otherwise read
 * from the environment is set.
 */
export async function createClient(
  { apiKey, baseUrl, organization }: OpenAiConnection,
  connectMs: number,
): Promise<OpenAiClientLike> {
  const [{ OpenAI }, fetch] = await Promise.all([import('openai'), createUndiciFetch(connectMs)]);
  return new OpenAI({
    apiKey,
    baseURL: baseUrl,
    organization: organization ?? null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: 'off',
    // The package uses of a response only what ours has.
    fetch: fetch as unknown as typeof globalThis.fetch,
  });
}
