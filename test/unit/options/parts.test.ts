import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  AgentExecutor,
  ConnectionManager,
  createMemoryStore,
  defineMessage,
  defineTool,
  MessageHandler,
  OptionError,
  RunManager,
  ToolRegistry,
  type Connection,
  type Principal,
} from '../../../src/index.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

/** What a caller without a compiler may give. */
const any = (value: unknown): never => value as never;

const tool = { name: 't', description: 'd', params: z.object({}), execute: () => 1 };
const { runs: store, ledger, conversations } = createMemoryStore();
const parts = { provider: createScriptedProvider(['x']), tools: new ToolRegistry(), ledger, conversations };
const executor = new AgentExecutor(parts);

describe('a part made without the server', () => {
  it.each<[string, RegExp, () => unknown]>([
    [
      'ConnectionManager',
      /"maxMessageBytes".*from 1024 to 2147483647, received -5/,
      () => new ConnectionManager({ maxMessageBytes: -5 }),
    ],
    [
      'ConnectionManager',
      /"maxRunsPerConnection".*received "x"/,
      () => new ConnectionManager({ maxRunsPerConnection: any('x') }),
    ],
    ['ConnectionManager', /"epoch".*received 5/, () => new ConnectionManager({ epoch: any(5) })],
    ['ConnectionManager', /"logger".*received 5/, () => new ConnectionManager({ logger: any(5) })],
    ['RunManager', /"executor".*received undefined/, () => new RunManager(any({}))],
    ['RunManager', /"store".*received 5/, () => new RunManager({ executor, store: any(5) })],
    ['RunManager', /"store".*received undefined/, () => new RunManager(any({ executor }))],
    [
      'AgentExecutor',
      /"conversations".*received undefined/,
      () => new AgentExecutor(any({ ...parts, conversations: undefined })),
    ],
    [
      'MessageHandler',
      /"conversations".*received undefined/,
      () => new MessageHandler(any({ runs: new RunManager({ executor, store }) })),
    ],
    ['AgentExecutor', /"provider".*received undefined/, () => new AgentExecutor(any({}))],
    ['AgentExecutor', /"tools" must be a ToolRegistry/, () => new AgentExecutor({ ...parts, tools: any([]) })],
    ['AgentExecutor', /"ledger".*received undefined/, () => new AgentExecutor({ ...parts, ledger: any(undefined) })],
    ['MessageHandler', /"runs" must be a RunManager, received undefined/, () => new MessageHandler(any({}))],
    ['defineTool', /"params".*received undefined/, () => defineTool({ ...tool, params: any(undefined) })],
    ['defineTool', /"params".*received an object/, () => defineTool({ ...tool, params: any({ type: 'object' }) })],
    [
      'defineTool',
      /"parameters" must be given.*Date/,
      () => defineTool({ ...tool, params: z.object({ d: z.date() }) }),
    ],
    [
      'defineTool',
      /"params" must be a schema of an object.*its type is "string"/,
      () => defineTool({ ...tool, params: any(z.string()) }),
    ],
    [
      'defineTool',
      /"parameters" must be a schema of an object.*its type is "array"/,
      () => defineTool({ ...tool, parameters: { type: 'array' } }),
    ],
    ['createOpenAiProvider', /"apiKey".*received undefined$/, () => createOpenAiProvider({ model: 'm' })],
    ['defineTool', /"execute" must be a function/, () => defineTool({ ...tool, execute: any(undefined) })],
    ['defineTool', /"description" must be a string/, () => defineTool({ ...tool, description: any(undefined) })],
    [
      'createOpenAiProvider',
      /"tokenTimeoutMs".*received "5"/,
      () => createOpenAiProvider({ model: 'm', apiKey: 'k', tokenTimeoutMs: any('5') }),
    ],
    [
      'createOpenAiProvider',
      /"organization".*received 5/,
      () => createOpenAiProvider({ model: 'm', apiKey: 'k', organization: any(5) }),
    ],
  ])('%s says %s', (_name, message, make) => {
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect(OptionError.isInstance(error)).toBe(true);
    }
  });

  it.each([{ logger: any(4) }, { clock: any(1) }])(
    'createSqliteStore refuses %j before it opens a file',
    async (wrong) => {
      await expect(createSqliteStore({ path: '/nowhere/x.db', ...wrong })).rejects.toThrow(OptionError);
    },
  );
});

describe('types of the embedder', () => {
  interface User extends Principal {
    readonly name: string;
  }
  interface Session {
    readonly tenant: string;
  }

  it('reach the handlers of message types and the listeners', async () => {
    const told: string[] = [];
    const { agent, url } = await startServer<User, Session>({
      authenticate: () => ({ id: 'u1', name: 'Anna' }),
      metadata: (_, { name }) => ({ tenant: `tenant of ${name}` }),
    });
    agent.messages.on('message', (connection, type) => told.push(`${type} ${connection.metadata.tenant}`));
    agent.messages.register(
      defineMessage({
        type: 'whoami',
        schema: z.object({ loud: z.boolean() }),
        handle: ({ loud }, connection: Connection<User, Session>) => {
          const { principal, metadata } = connection;
          connection.sendMessage({
            type: 'you',
            name: loud ? principal.name.toUpperCase() : principal.name,
            ...metadata,
          });
        },
      }),
    );
    // One that does not name them fits every server.
    agent.messages.register(
      defineMessage({
        type: 'id',
        schema: z.object({}),
        handle: (_, connection) => void told.push(connection.principal.id),
      }),
    );
    const forOthers = defineMessage({
      type: 'x',
      schema: z.object({}),
      handle: (_, { principal }: Connection<Principal & { readonly age: number }>) =>
        void told.push(`${principal.age}`),
    });
    // @ts-expect-error one for other users does not fit this server.
    const misfit = () => agent.messages.register(forOthers);
    expect(misfit).toBeTypeOf('function');
    const client = await TestClient.connect(url);
    client.send({ type: 'id' });
    client.send({ type: 'whoami', loud: true });
    await expect.poll(() => client.frames.at(-1)).toBe('{"type":"you","name":"ANNA","tenant":"tenant of Anna"}');
    expect(told).toEqual(['id tenant of Anna', 'u1', 'whoami tenant of Anna']);
  });

  it('a middleware takes the resolve of a promise, as Koa asks for it', async () => {
    const { agent, http: server } = await startServer();
    const passed: Promise<void>[] = [];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      passed.push(
        (async () => {
          await new Promise((resolve) => agent.middleware(request, response, resolve));
          response.end('mine');
        })(),
      );
    });
    const { port } = server.address() as { port: number };
    expect(await (await fetch(`http://127.0.0.1:${port}/other`)).text()).toBe('mine');
    await Promise.all(passed);
  });
});
