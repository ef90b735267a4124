import type { OpenAiClientLike, OpenAiConnection } from './options.js';
import { UndiciTransport } from './undici-transport.js';

/** Who builds requests, and what carries them; a caller's own client has its own way. */
export interface ChatClient {
  readonly client: OpenAiClientLike;
  readonly transport?: UndiciTransport;
}

/**
 * Loads the `openai` package and makes a client whose `fetch` is ours. Everything the package would otherwise read
 * from the environment is set.
 */
export async function createClient(
  { apiKey, baseUrl, organization, proxy }: OpenAiConnection,
  connectTimeoutMs: number,
): Promise<ChatClient> {
  const [{ OpenAI }, transport] = await Promise.all([
    import('openai'),
    UndiciTransport.create({ connectTimeoutMs, proxy }),
  ]);
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    organization: organization ?? null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: 'off',
    // A proxy that compresses holds back the tokens it compresses together.
    defaultHeaders: { 'accept-encoding': 'identity' },
    // The package uses of a response only what ours has.
    fetch: transport.fetch as unknown as typeof globalThis.fetch,
  });
  return { client, transport };
}
