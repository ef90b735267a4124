import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import http2 from 'node:http2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  ConnectionManager,
  createAgentSocketServer,
  defineTool,
  MessageHandler,
  createMemoryStore,
  OptionError,
  RunManager,
  ToolRegistry,
  type AgentSocketServer,
  type AgentSocketServerOptions,
  type RunExecutor,
} from '../../../src/index.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { createScriptedProvider } from '../../../src/testing/index.js';

type Options = Record<string, unknown>;

const NO_NUMBER = ['5', '', NaN, null, true, {}, [5], 5n];
const NO_STRING = [5, null, true, {}, ['a']];
const NO_FUNCTION = ['a', 5, null, {}];
const NO_BOOLEAN = ['true', 'false', 0, 1, null, {}];
const MAX_DELAY = 2_147_483_647;
const pem = { type: 'pkcs8', format: 'pem' } as const;
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const PEM = KEY.export(pem).toString();
const OTHER_CURVE = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pem).toString();
const tool = defineTool({ name: 'echo', description: 'Echoes.', params: z.object({}), execute: () => 1 });

/** Every option but `server` and `provider`: what it takes and what it does not. */
const TABLE: Record<
  Exclude<keyof AgentSocketServerOptions, 'server' | 'provider'>,
  { good: unknown[]; bad: unknown[] }
> = {
  path: {
    good: ['/', '/ws/agent', '/%E8%81%8A%E5%A4%A9', '/a-b_c.d~e/f'],
    bad: [
      '',
      'ws',
      'ws/agent',
      '/a?b',
      '/聊天',
      '/a%2',
      '/a"b',
      '/a#b',
      '/a b',
      '/a\n',
      ...NO_STRING.filter((v) => v !== null),
    ],
  },
  tools: {
    good: [[], [tool], new ToolRegistry([tool]), new Set([tool]), () => [tool]],
    bad: [5, 'echo', {}, tool, null, [5], [null], ['echo'], [{ name: 'a' }], [tool, tool]],
  },
  maxQueued: { good: [1, 100_000], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  queue: { good: [undefined], bad: [5, 'a', null, true, {}, () => 1] },
  model: { good: ['gpt-5', () => 'gpt-5'], bad: [5, null, true, {}, ['a']] },
  metrics: {
    good: [{ contentType: 'text/plain', metrics: () => Promise.resolve('') }],
    bad: [5, 'a', null, true, {}, () => 1],
  },
  tracer: { good: [{ during: () => 1, start: () => 1 }], bad: [5, 'a', null, true, {}, () => 1, { during: () => 1 }] },
  attachments: {
    good: [false, {}, { mediaTypes: ['audio/wav'], maxBytes: 1, maxCount: 16, urls: true }],
    bad: [
      { mediaTypes: 'image/png' },
      { mediaTypes: ['png'] },
      { mediaTypes: ['image/*'] },
      { mediaTypes: ['image/PNG'] },
      { mediaTypes: ['text/plain; charset=utf-8'] },
      { maxBytes: 0 },
      { maxCount: 17 },
      { urls: 'yes' },
    ],
  },
  authenticate: { good: [() => null], bad: NO_FUNCTION },
  permissions: { good: [() => true], bad: NO_FUNCTION },
  authenticateTimeoutMs: {
    good: [1, 10_000, MAX_DELAY],
    bad: [0, -1, MAX_DELAY + 1, Infinity, ...NO_NUMBER.filter((v) => v !== null)],
  },
  encryption: {
    good: [
      { key: PEM },
      { key: `${PEM}${PEM}`, required: true },
      { key: KEY },
      { key: [KEY, PEM] },
      { key: KEY.export({ type: 'sec1', format: 'pem' }) },
    ],
    bad: [
      ...[true, 5, null, 'key', [], {}, { key: '' }, { key: 'key' }, { key: 5 }, { key: [] }, { key: [5] }],
      ...[
        { key: OTHER_CURVE },
        { key: createPublicKey(KEY) },
        { key: `${PEM}${OTHER_CURVE}` },
        { key: PEM.slice(0, 90) },
      ],
      ...[{ key: PEM, required: 1 }, { required: true }],
    ],
  },
  authMessageTimeoutMs: { good: [1, 5_000, MAX_DELAY], bad: [0, -1, MAX_DELAY + 1, Infinity, '5'] },
  authExpiringMs: { good: [0, 30_000, MAX_DELAY], bad: [-1, MAX_DELAY + 1, Infinity, '5'] },
  anonymous: { good: ['separate', 'shared'], bad: ['', 'none', true, null] },
  metadata: { good: [() => 1], bad: NO_FUNCTION },
  allowedOrigins: {
    good: [[], ['*'], ['https://app.example', 'http://localhost:3000', 'capacitor://localhost']],
    bad: [
      'https://app.example',
      '*',
      5,
      null,
      [5],
      [null],
      [''],
      ['app.example'],
      ['https://app.example/'],
      ['https://*.example'],
      ['null'],
    ],
  },
  allowedHosts: {
    good: [[], ['*'], ['app.example', '127.0.0.1', '::1', '[::1]', 'app.example:8000']],
    bad: ['app.example', 5, null, [5], [''], ['https://app.example'], ['a b'], ['*.example']],
  },
  trustedProxies: {
    good: [[], ['*'], ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']],
    bad: ['10.0.0.1', 5, null, [5], [''], ['proxy.example'], ['10.0.0.0/33'], ['::1/129'], ['10.0.0.0/8/8'], ['::1/x']],
  },
  logger: {
    good: [console, false],
    bad: [null, 5, 'info', {}, { info: () => undefined }, () => undefined, { ...console, isLevelEnabled: true }],
  },
  logIds: { good: ['short', 'full'], bad: ['long', '', 8, true, null] },
  maxConnections: { good: [1, 100_000], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  heartbeatIntervalMs: { good: [10, 30_000.5, MAX_DELAY], bad: [0, 9, -1, MAX_DELAY + 1, Infinity, ...NO_NUMBER] },
  slowConsumerMs: { good: [1, 30_000], bad: [0, -1, Infinity, ...NO_NUMBER] },
  maxMessageBytes: {
    good: [1_024, 1_048_576, MAX_DELAY],
    bad: [0, -1, 1_023, 1_024.5, 2 ** 31, 2 ** 32, Infinity, ...NO_NUMBER],
  },
  backpressureBytes: { good: [1, 262_144], bad: [0, -1, ...NO_NUMBER] },
  perMessageDeflate: { good: [true, false], bad: NO_BOOLEAN },
  maxRunsPerConnection: { good: [1, 16], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxRunMs: { good: [1, 600_000, Infinity], bad: [0, -1, ...NO_NUMBER] },
  maxRunBytes: { good: [1, 16_777_216], bad: [0, -1, ...NO_NUMBER] },
  maxLogBytes: { good: [1, 268_435_456], bad: [0, -1, ...NO_NUMBER] },
  beforeRun: { good: [() => undefined], bad: NO_FUNCTION },
  rateLimits: {
    good: [
      false,
      {},
      { messages: false },
      { queries: { perAddress: { burst: 1, perSecond: 0.1 }, perPrincipal: false } },
    ],
    bad: [true, 5, null, { messages: true }, { queries: { perAddress: { burst: 1 } } }],
  },
  maxRunsPerOwner: { good: [1, 64, Infinity], bad: [0, -1, ...NO_NUMBER] },
  maxRunsPerAddress: { good: [1, 128, Infinity], bad: [0, -1, ...NO_NUMBER] },
  maxLogBytesPerOwner: { good: [1, 67_108_864, Infinity], bad: [0, -1, ...NO_NUMBER] },
  maxLogBytesPerAddress: { good: [1, 134_217_728, Infinity], bad: [0, -1, ...NO_NUMBER] },
  store: {
    good: [createMemoryStore()],
    bad: [5, null, 'memory', {}, new Map(), new MemoryRunStore(), { runs: new MemoryRunStore() }],
  },
  roomNames: { good: ['[a-z]+', '\\p{L}+'], bad: ['', '[', '(', ...NO_STRING] },
  maxRooms: { good: [1, 1_000], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxRoomsPerConnection: { good: [1, 16], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxRoomMembers: { good: [1, 1_000], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxRoomEvents: { good: [1, 1_000], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxAllRoomBytes: { good: [1, 67_108_864], bad: [0, -1, ...NO_NUMBER] },
  maxRoomBytes: { good: [1, 262_144], bad: [0, -1, ...NO_NUMBER] },
  retainRoomsMs: { good: [1, 86_400_000, Infinity], bad: [0, -1, ...NO_NUMBER] },
  maxRoomMessageBytes: { good: [256, 16_384], bad: [0, 255, -1, ...NO_NUMBER] },
  roomRate: { good: [0.5, 200], bad: [0, -1, ...NO_NUMBER] },
  roomMemberRate: { good: [0.5, 10], bad: [0, -1, ...NO_NUMBER] },
  detachGraceMs: { good: [0, 60_000], bad: [-1, MAX_DELAY + 1, Infinity, ...NO_NUMBER] },
  maxConversationBytes: { good: [0, 134_217_728], bad: [-1, ...NO_NUMBER] },
  maxOwnerConversationBytes: { good: [0, 134_217_728], bad: [-1, ...NO_NUMBER] },
  maxContextTokens: { good: [1, 32_000], bad: [0, -1, ...NO_NUMBER] },
  fitContext: { good: [(messages: unknown) => messages], bad: [5, null, 'all', {}] },
  approvalTimeoutMs: { good: [1, 300_000], bad: [0, -1, MAX_DELAY + 1, Infinity, ...NO_NUMBER] },
  retainMs: { good: [0, 300_000, Infinity], bad: [-1, ...NO_NUMBER] },
  maxRetainedBytes: { good: [0, 134_217_728], bad: [-1, ...NO_NUMBER] },
  systemPrompt: { good: ['', 'Be brief.'], bad: NO_STRING },
  maxSteps: { good: [1, 8], bad: [0, -1, 1.5, Infinity, ...NO_NUMBER] },
  maxToolResultBytes: { good: [1, 262_144], bad: [0, -1, ...NO_NUMBER] },
  clientMayChoose: {
    good: [{}, { models: ['a'], temperature: true, tools: false }],
    bad: [true, 5, null, 'models', { models: 'a' }, { models: [5] }, { temperature: 1 }, { tools: ['a'] }, []],
  },
};

function create(options: Options): AgentSocketServer {
  const given = { server: http.createServer(), provider: createScriptedProvider([]), ...options };
  return createAgentSocketServer(given as unknown as AgentSocketServerOptions);
}

function refusal(make: () => unknown): OptionError {
  let made: unknown;
  try {
    made = make();
  } catch (error) {
    if (OptionError.isInstance(error)) return error;
    throw error;
  }
  if (typeof made === 'object' && made !== null && 'close' in made) void (made as AgentSocketServer).close();
  throw new Error('It was accepted');
}

function label(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `[${value.map(label).join()}]` : 'object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const bad = Object.entries(TABLE).flatMap(([option, row]) =>
  row.bad.map((value) => [option, label(value), value] as const),
);
const good = Object.entries(TABLE).flatMap(([option, row]) =>
  row.good.map((value) => [option, label(value), value] as const),
);

describe('createAgentSocketServer', () => {
  it.each(bad)('refuses %s: %s', (option, _label, value) => {
    const error = refusal(() => create({ [option]: value }));
    expect(error.option.split('.')[0]).toBe(option);
    expect(error.message).toMatch(/^Option "[\w.]+" must (?:be|not) .+, received .+/);
    expect(error).toBeInstanceOf(TypeError);
  });

  it.each(good)('takes %s: %s', async (option, _label, value) => {
    await create({ [option]: value }).close();
  });

  it.each(Object.keys(TABLE))('takes undefined for %s', async (option) => {
    await create({ [option]: undefined }).close();
  });

  it.each([
    ['server', undefined],
    ['server', {}],
    ['server', null],
    ['provider', undefined],
    ['provider', null],
    ['provider', {}],
    ['provider', { vendor: 'x' }],
    ['provider.vendor', { stream: () => undefined }],
    ['provider.accepts', { ...createScriptedProvider([]), accepts: 'image' }],
    ['provider.accepts', { ...createScriptedProvider([]), accepts: ['images'] }],
    ['provider.model', { ...createScriptedProvider([]), model: 5 }],
    ['provider.server', { ...createScriptedProvider([]), server: null }],
  ])('refuses a %s that is none', (option, value) => {
    expect(refusal(() => create({ [option.split('.')[0] ?? '']: value })).option).toBe(option);
  });

  it('refuses a server of HTTP/2 alone, which would never see a handshake', () => {
    const error = refusal(() => create({ server: http2.createServer() }));
    expect(error.option).toBe('server');
    expect(error.message).toMatch(/HTTP\/2 alone.*allowHTTP1: true/);
    expect(refusal(() => create({ server: http2.createSecureServer() })).option).toBe('server');
  });

  it('says the value, but not all of it', () => {
    expect(refusal(() => create({ maxConnections: 'many' })).message).toBe(
      'Option "maxConnections" must be an integer of at least 1, received "many"',
    );
    expect(refusal(() => create({ path: 'x'.repeat(1_000) })).message.length).toBeLessThan(200);
  });

  it('leaves the server alone where it refuses', () => {
    const server = http.createServer();
    for (const [option, , value] of bad) refusal(() => create({ server, [option]: value }));
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('never changes the object of the caller', async () => {
    const options: Options = { server: http.createServer(), provider: createScriptedProvider([]) };
    for (const [option, row] of Object.entries(TABLE)) options[option] = row.good.at(-1);
    const before = { ...options };
    Object.freeze(options);
    await create(options).close();
    expect(options).toEqual(before);
    for (const [option, value] of Object.entries(before)) expect(options[option]).toBe(value);
  });
});

describe('the parts on their own', () => {
  const store = new MemoryRunStore();
  const executor: RunExecutor = { check: () => undefined, execute: () => Promise.reject(new Error('unused')) };

  it.each(['maxConnections', 'heartbeatIntervalMs', 'slowConsumerMs'] as const)(
    'ConnectionManager checks %s',
    (option) => {
      for (const value of TABLE[option].bad) {
        expect(refusal(() => new ConnectionManager({ [option]: value as number })).option).toBe(option);
      }
    },
  );

  it('MessageHandler checks maxRunsPerConnection', () => {
    const conversations = new MemoryConversationStore();
    const runs = new RunManager({ executor, store, logger: false });
    for (const value of TABLE.maxRunsPerConnection.bad) {
      const make = (): unknown => new MessageHandler({ runs, conversations, maxRunsPerConnection: value as number });
      expect(refusal(make).option).toBe('maxRunsPerConnection');
    }
  });

  it.each(['maxRunMs', 'maxRunBytes', 'maxLogBytes'] as const)('RunManager checks %s', (option) => {
    for (const value of TABLE[option].bad) {
      expect(refusal(() => new RunManager({ executor, store, [option]: value as number })).option).toBe(option);
    }
  });

  it.each(['retainMs', 'maxRetainedBytes', 'rememberIdsMs', 'maxRememberedIds'] as const)(
    'MemoryRunStore checks %s',
    (option) => {
      for (const value of [-1, ...NO_NUMBER]) {
        expect(refusal(() => new MemoryRunStore({ [option]: value as number })).option).toBe(option);
      }
    },
  );
});

describe('close', () => {
  it.each([
    ['drainMs', -1],
    ['drainMs', NaN],
    ['drainMs', Infinity],
    ['drainMs', MAX_DELAY + 1],
    ['drainMs', '5'],
    ['closeCode', 'normal'],
    ['closeCode', 1012],
  ])('refuses %s %s, and nothing has begun', async (option, value) => {
    const server = http.createServer();
    const agent = create({ server });
    onTestFinished(() => agent.close());
    expect(refusal(() => void agent.close({ [option]: value })).option).toBe(option);
    await Promise.resolve();
    expect(server.listenerCount('upgrade')).toBe(1);
  });
});
