import http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createAgentClient } from '../../../src/client/index.js';
import {
  AgentExecutor,
  ConnectionManager,
  createAgentSocketServer,
  createCurrentTime,
  createMemoryStore,
  defineMessage,
  defineTool,
  MessageHandler,
  OptionError,
  RunManager,
  ToolRegistry,
} from '../../../src/index.js';
import { createDemoProvider } from '../../../src/providers/demo.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createScriptedProvider } from '../../../src/testing/index.js';

/** What a caller without a compiler may give. */
const any = (value: unknown): never => value as never;

const provider = createScriptedProvider([]);
const { ledger, conversations } = createMemoryStore();
const parts = { provider, tools: new ToolRegistry(), ledger, conversations };
const server = (): http.Server => http.createServer();
const executor = new AgentExecutor(parts);
const WebSocket = any(function NoSocket() {
  return undefined;
});

const REFUSED: [string, string, string, () => unknown][] = [
  [
    'a server',
    'maxConnection',
    'maxConnections',
    () => createAgentSocketServer(any({ server: server(), provider, maxConnection: 3 })),
  ],
  [
    'a server',
    'heartbeatInterval',
    'heartbeatIntervalMs',
    () => createAgentSocketServer(any({ server: server(), provider, heartbeatInterval: 3 })),
  ],
  [
    'a server',
    'allowedOrigin',
    'allowedOrigins',
    () => createAgentSocketServer(any({ server: server(), provider, allowedOrigin: [] })),
  ],
  [
    'the choices of clients',
    'clientMayChoose.model',
    'clientMayChoose.models',
    () => createAgentSocketServer(any({ server: server(), provider, clientMayChoose: { model: ['m'] } })),
  ],
  [
    'the attachments',
    'attachments.maxByte',
    'attachments.maxBytes',
    () => createAgentSocketServer(any({ server: server(), provider, attachments: { maxByte: 3 } })),
  ],
  ['ConnectionManager', 'maxConnection', 'maxConnections', () => new ConnectionManager(any({ maxConnection: 3 }))],
  ['RunManager', 'maxRunMS', 'maxRunMs', () => new RunManager(any({ executor, maxRunMS: 3 }))],
  ['AgentExecutor', 'maxStep', 'maxSteps', () => new AgentExecutor(any({ ...parts, maxStep: 3 }))],
  ['MessageHandler', 'conversation', 'conversations', () => new MessageHandler(any({ runs: 1, conversation: 3 }))],
  ['MemoryRunStore', 'retainMS', 'retainMs', () => new MemoryRunStore(any({ retainMS: 3 }))],
  [
    'MemoryConversationStore',
    'maxConversationByte',
    'maxConversationBytes',
    () => new MemoryConversationStore(any({ maxConversationByte: 3 })),
  ],
  ['createMemoryStore', 'maxRetainedByte', 'maxRetainedBytes', () => createMemoryStore(any({ maxRetainedByte: 3 }))],
  ['createOpenAiProvider', 'apikey', 'apiKey', () => createOpenAiProvider(any({ model: 'm', apikey: 'k' }))],
  [
    'createOpenAiProvider',
    'baseURL',
    'baseUrl',
    () => createOpenAiProvider(any({ model: 'm', apiKey: 'k', baseURL: 'x' })),
  ],
  [
    'createOpenAiProvider',
    'firstTokenTimeout',
    'firstTokenTimeoutMs',
    () => createOpenAiProvider(any({ model: 'm', apiKey: 'k', firstTokenTimeout: 3 })),
  ],
  ['createDemoProvider', 'tokensPerSec', 'tokensPerSecond', () => createDemoProvider(any({ tokensPerSec: 3 }))],
  ['createCurrentTime', 'timezone', 'timeZone', () => createCurrentTime(any({ timezone: 'UTC' }))],
  [
    'defineTool',
    'needApproval',
    'needsApproval',
    () => defineTool(any({ name: 't', description: '', params: z.object({}), execute: () => 1, needApproval: true })),
  ],
  [
    'defineMessage',
    'handler',
    'handle',
    () => defineMessage(any({ type: 't', schema: z.object({}), handler: () => undefined })),
  ],
  [
    'createAgentClient',
    'maxAttempt',
    'maxAttempts',
    () => createAgentClient(any({ url: 'ws://h', WebSocket, maxAttempt: 3 })),
  ],
  [
    'the backoff',
    'backoff.baseMS',
    'backoff.baseMs',
    () => createAgentClient(any({ url: 'ws://h', WebSocket, backoff: { baseMS: 3 } })),
  ],
  ['a query', 'conversationID', 'conversationId', () => client().ask('q', any({ conversationID: 'c' }))],
  ['a tool call', 'runID', 'runId', () => client().callTool('t', {}, any({ runID: 'c' }))],
  [
    'a query of a conversation',
    'replacefrom',
    'replaceFrom',
    () =>
      client()
        .conversation('c')
        .stream('q', any({ replacefrom: 'c' })),
  ],
  ['a resume', 'afters', 'after', () => client().resume('r', any({ afters: 3 }))],
];

function client() {
  return createAgentClient({ url: 'ws://127.0.0.1:9', WebSocket });
}

describe('a misspelt option', () => {
  it.each(REFUSED)('of %s is refused: %s is not %s', (_what, option, meant, make) => {
    expect(make).toThrow(`Option "${option}" is not known; did you mean "${meant}"?`);
    expect(make).toThrow(TypeError);
  });

  it('of createSqliteStore is refused before it opens a file', async () => {
    const made = createSqliteStore(any({ path: '/nowhere/x.db', durabilty: 'full' }));
    await expect(made).rejects.toThrow('Option "durabilty" is not known; did you mean "durability"?');
  });

  it('of a page is refused, and nothing is sent', async () => {
    const told = 'Option "lmit" is not known; did you mean "limit"?';
    const asked = client();
    await expect(asked.conversation('c').history(any({ lmit: 3 }))).rejects.toThrow(new TypeError(told));
    await expect(asked.listConversations(any({ lmit: 3 }))).rejects.toThrow(new TypeError(told));
    expect(asked.state).toBe('idle');
  });

  it('of close() is refused, and nothing has begun', async () => {
    const own = server();
    const agent = createAgentSocketServer({ server: own, provider });
    onTestFinished(() => agent.close());
    const close = (): void => void agent.close(any({ drain: 5 }));
    expect(close).toThrow('Option "drain" is not known; did you mean "drainMs"?');
    await Promise.resolve();
    expect(own.listenerCount('upgrade')).toBe(1);
  });

  it('is refused even where its value is undefined, and as an OptionError that names it', () => {
    try {
      createMemoryStore(any({ retain: undefined }));
      throw new Error('It was accepted');
    } catch (error) {
      expect(OptionError.isInstance(error) && error.option).toBe('retain');
    }
  });
});

describe('an option that is near none', () => {
  it('is refused with those there are', () => {
    expect(() => createDemoProvider(any({ colour: 'red' }))).toThrow(
      'Option "colour" is not known; the options here are tokensPerSecond',
    );
  });
});

describe('options that are no object', () => {
  it.each([5, null, 'fast', []])('are refused: %j', (options) => {
    expect(() => createDemoProvider(any(options))).toThrow(/^Option "options" must be an object, received /);
  });
});
