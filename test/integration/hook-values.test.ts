import { describe, expect, it, vi } from 'vitest';
import type { AgentSocketServerOptions } from '../../src/index.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

/** Options of somebody without a compiler. */
function untyped(options: Readonly<Record<string, unknown>>): Partial<AgentSocketServerOptions> {
  return options;
}

const QUERY = { type: 'agent_query', query: 'q', conversation_id: 'c' };

describe('What a function gives in place of the value of an option', () => {
  it.each<[string, string, unknown, string]>([
    ['a number', 'systemPrompt', 42, 'a number in place of a string'],
    ['an object', 'systemPrompt', { text: 'Be brief.' }, 'an object in place of a string'],
    ['a number', 'model', 5, 'a number in place of a string'],
    ['a promise', 'tools', Promise.resolve([]), 'a promise in place of tools; it has to answer at once'],
    ['an object', 'tools', {}, 'an object in place of tools; it has to answer at once'],
    ['nothing', 'fitContext', undefined, 'undefined in place of a chat'],
    ['no messages', 'fitContext', [], 'a chat that does not end with the question'],
    ['no question', 'fitContext', [{ role: 'assistant', content: 'a' }], 'a chat that does not end with the question'],
  ])('fails the run if it is wrong (%s for %s), and the log names the option', async (_what, option, value, said) => {
    const error = vi.fn();
    const provider = createScriptedProvider(['Hello']);
    const { url } = await startServer(
      untyped({ provider, [option]: () => value, logger: { ...silentLogger, error, isLevelEnabled: () => true } }),
    );
    const client = await TestClient.connect(url);
    expect(await client.ask(QUERY)).toMatchObject({
      type: 'error',
      code: 'internal_error',
      error: 'The server failed',
    });
    expect(provider.calls).toEqual([]);
    const [{ err }] = error.mock.calls[0] as [{ err: Error }];
    expect(err.message).toBe(`The function "${option}" gave ${said}`);
  });

  it.each([null, undefined])('is none if it is %s, as databases give it', async (none) => {
    const provider = createScriptedProvider(['Hello']);
    const give = (): unknown => Promise.resolve(none);
    const { url } = await startServer(
      untyped({ provider, systemPrompt: give, model: give, tools: (): unknown => none }),
    );
    const client = await TestClient.connect(url);
    expect(await client.ask(QUERY)).toMatchObject({ type: 'agent_response', model: 'script-1' });
    expect(provider.calls[0]?.request).toEqual({ messages: [{ role: 'user', content: 'q' }], tools: [] });
  });
});
