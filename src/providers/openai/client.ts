import type { OpenAiClientLike, OpenAiConnection } from './options.js';
import { UndiciTransport } from './undici-transport.js';

/** What builds requests and what carries them. A caller's own client has its own transport. */
export interface ChatClient {
  readonly client: OpenAiClientLike;
  readonly transport?: UndiciTransport;
}

/**
 * Loads the `openai` package and makes a client with this provider's `fetch`. Sets everything that the package would
 * otherwise read from the environment.
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
    // A proxy that compresses delays tokens to compress them together.
    defaultHeaders: { 'accept-encoding': 'identity' },
    // `UpstreamResponse` has all that the package uses of a response.
    fetch: transport.fetch as unknown as typeof globalThis.fetch,
  });
  return { client, transport };
}
