import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  AgentSocketError,
  createAgentSocketServer,
  defineMessage,
  defineTool,
  ToolRegistry,
  type LlmProvider,
  type Principal,
} from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

interface User extends Principal {
  readonly role: 'admin' | 'guest';
}

const users: Readonly<Record<string, User>> = {
  a: { id: 'anna', role: 'admin' },
  b: { id: 'ben', role: 'guest' },
};

describe('an embedding application', () => {
  it('keeps owners apart: the run of one is unknown to the other', async () => {
    const { url } = await startServer<User>({
      authenticate: ({ headers }) => users[String(headers['x-token'])] ?? null,
      provider: createScriptedProvider(['first'], ['second']),
    });
    const anna = await TestClient.connect(url, { headers: { 'X-Token': 'a' } });
    const ben = await TestClient.connect(url, { headers: { 'X-Token': 'b' } });
    expect((await TestClient.refused(url, { headers: { 'X-Token': 'c' } })).code).toBe(4401);
    const query = { type: 'agent_query', query: 'Hi', run_id: '11111111-1111-4111-8111-111111111111' };
    expect(await anna.ask(query)).toMatchObject({ content: 'first' });
    expect(await ben.ask(query)).toMatchObject({ content: 'second' });
    // The same id and content of the same owner executes nothing.
    expect(await anna.ask(query)).toMatchObject({ content: 'first' });
  });

  it('brings its own provider in five lines', async () => {
    const provider: LlmProvider = {
      vendor: 'parrot',
      async *stream({ messages }) {
        for (const word of (messages.at(-1)?.content ?? '').split(' ')) {
          await new Promise(setImmediate);
          yield { type: 'text-delta', text: `${word}!` };
        }
      },
    };
    const { url } = await startServer({ provider, systemPrompt: 'Be loud.' });
    const client = await TestClient.connect(url);
    expect(await client.ask({ type: 'agent_query', query: 'a b' })).toMatchObject({
      vendor: 'parrot',
      content: 'a!b!',
    });
  });

  it('brings tools that know who asks, and adds more at any time', async () => {
    const role = defineTool({
      name: 'role',
      description: 'The role of who asks.',
      params: z.object({}),
      execute: (_params, { principal }) => (principal as User).role,
    });
    const registry = new ToolRegistry([role]);
    const { agent, url } = await startServer<User>({ tools: registry, authenticate: () => users['a'] ?? null });
    expect(agent.tools).toBe(registry);
    const client = await TestClient.connect(url);
    expect(await client.ask({ type: 'tool_call', tool_name: 'role' })).toMatchObject({ result: 'admin' });
    expect(await client.ask({ type: 'tool_call', tool_name: 'late' })).toMatchObject({ code: 'unknown_tool' });
    agent.tools.register(
      defineTool({ name: 'late', description: 'Later.', params: z.object({}), execute: () => 'here' }),
    );
    expect(await client.ask({ type: 'tool_call', tool_name: 'late' })).toMatchObject({ result: 'here' });
  });

  it('adds message types and pushes messages of its own', async () => {
    const { agent, url } = await startServer();
    agent.messages.register(
      defineMessage({
        type: 'whisper',
        schema: z.object({ to: z.string(), text: z.string().max(10) }),
        handle: ({ to, text }, connection) => {
          const delivered = agent.connections.sendMessage(to, { type: 'whispered', text, from: connection.id });
          if (!delivered) throw new AgentSocketError('invalid_message', 'Nobody of that name is here');
        },
      }),
    );
    const [one, two] = [await TestClient.connect(url), await TestClient.connect(url)];
    one.send({ type: 'whisper', to: two.connected.connection_id, text: 'psst' });
    await vi.waitFor(() => expect(two.frames).toHaveLength(2));
    expect(JSON.parse(two.frames[1] ?? '')).toEqual({
      type: 'whispered',
      text: 'psst',
      from: one.connected.connection_id,
    });
    one.send({ type: 'whisper', to: 'nobody', text: 'psst', request_id: 'w1' });
    expect(await one.next('error', ({ request_id: id }) => id === 'w1')).toMatchObject({
      error: 'Nobody of that name is here',
    });
  });

  it('may fail in its hooks and listeners without harm', async () => {
    const error = vi.fn();
    const ignore = () => undefined;
    const { agent, url } = await startServer({ logger: { debug: ignore, info: ignore, warn: ignore, error } });
    const fail = () => {
      throw new Error('of the embedder');
    };
    agent.connections.on('connect', fail);
    agent.connections.on('message', fail);
    agent.connections.on('disconnect', fail);
    agent.messages.on('message', fail);
    agent.runs.on('start', fail);
    agent.runs.on('end', fail);
    const client = await TestClient.connect(url);
    expect(await client.ask({ type: 'agent_query', query: 'Hi' })).toMatchObject({ content: 'Hello' });
    await client.close();
    await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(6));
    expect(agent.connections.size).toBe(0);
  });

  it('is not held up by the types: everything is inferred', async () => {
    const { http: server, port } = await startServer();
    const agent = createAgentSocketServer({
      server,
      path: '/typed',
      provider: createScriptedProvider([]),
      authenticate: () => ({ id: 'x', role: 'guest' as const }),
      metadata: (request, principal) => ({ agent: request.headers['user-agent'], as: `the ${principal.role}` }),
    });
    const seen: string[] = [];
    agent.connections.on('connect', ({ principal, metadata }) => {
      const role: 'guest' = principal.role;
      const as: string = metadata.as;
      seen.push(role, as, metadata.agent ?? 'nobody');
    });
    await TestClient.connect(`ws://127.0.0.1:${port}/typed`, { headers: { 'User-Agent': 'test/1' } });
    expect(seen).toEqual(['guest', 'the guest', 'test/1']);
    await agent.close();
  });
});
