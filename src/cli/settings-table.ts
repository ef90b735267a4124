import {
  bytes,
  choice,
  decimal,
  endpointPath,
  integer,
  list,
  onOff,
  seconds,
  storePlace,
  text,
  type ValueType,
} from './value-types.js';

/** One thing an operator can set. */
export interface Setting<T, Default extends T | undefined = T | undefined> {
  /** Heading in the help. */
  readonly group: Group;
  /** The flag; absent for secrets, which would show in the list of processes. */
  readonly flag?: `--${string}`;
  /** The variable, in the environment or in `.env`. */
  readonly env: string;
  readonly type: ValueType<T>;
  readonly default: Default;
  /** What the help shows instead of the default. */
  readonly shownDefault?: string;
  /** The value of the flag when it is written without one. */
  readonly bare?: string;
  readonly help: string;
}

/** Headings of the help, in their order. */
export type Group = 'Server' | 'Model' | 'Access' | 'Connections' | 'Runs' | 'Store' | 'Logs';

function setting<T, const Default extends T | undefined>(row: Setting<T, Default>): Setting<T, Default> {
  return row;
}

/**
 * Everything an operator can set, once: flag, variable, type, default and help come from here. A row that
 * is an option of `createAgentSocketServer` or `createOpenAiProvider` has its name.
 */
export const SETTINGS = {
  host: setting({
    group: 'Server',
    flag: '--host',
    env: 'HOST',
    type: text('address'),
    default: '0.0.0.0',
    help: 'Address to listen on. 127.0.0.1 serves this machine only.',
  }),
  port: setting({
    group: 'Server',
    flag: '--port',
    env: 'PORT',
    type: integer('number', 0, 65_535),
    default: 8003,
    help: 'Port to listen on. 0 takes a free one.',
  }),
  path: setting({
    group: 'Server',
    flag: '--path',
    env: 'WS_PATH',
    type: endpointPath,
    default: '/ws/agent',
    help: 'Path of the WebSocket endpoint.',
  }),
  tlsCert: setting({
    group: 'Server',
    flag: '--tls-cert',
    env: 'TLS_CERT',
    type: text('file'),
    default: undefined,
    help: 'Certificate chain in PEM format. With --tls-key the server speaks https and wss.',
  }),
  tlsKey: setting({
    group: 'Server',
    flag: '--tls-key',
    env: 'TLS_KEY',
    type: text('file'),
    default: undefined,
    help: 'Private key in PEM format.',
  }),

  provider: setting({
    group: 'Model',
    flag: '--provider',
    env: 'AGENT_PROVIDER',
    type: choice('name', ['auto', 'openai', 'demo']),
    default: 'auto',
    help: 'Who answers: openai, demo, or auto, which is openai where OPENAI_API_KEY is set and otherwise the offline demo.',
  }),
  apiKey: setting({
    group: 'Model',
    env: 'OPENAI_API_KEY',
    type: text('key'),
    default: undefined,
    help: 'Key of the model provider.',
  }),
  baseUrl: setting({
    group: 'Model',
    flag: '--base-url',
    env: 'OPENAI_BASE_URL',
    type: text('url'),
    default: 'https://api.openai.com/v1',
    help: 'The API to use: any server compatible with Chat Completions.',
  }),
  model: setting({
    group: 'Model',
    flag: '--model',
    env: 'OPENAI_MODEL',
    type: text('name'),
    default: 'gpt-4o-mini',
    help: 'The model that answers.',
  }),
  organization: setting({
    group: 'Model',
    flag: '--organization',
    env: 'OPENAI_ORG_ID',
    type: text('id'),
    default: undefined,
    help: 'The organization billed.',
  }),
  temperature: setting({
    group: 'Model',
    flag: '--temperature',
    env: 'OPENAI_TEMPERATURE',
    type: decimal('number', 0, 2),
    default: undefined,
    shownDefault: "the model's own",
    help: 'Sampling temperature, 0 to 2.',
  }),
  systemPrompt: setting({
    group: 'Model',
    flag: '--system-prompt',
    env: 'AGENT_SYSTEM_PROMPT',
    type: text('text'),
    default: undefined,
    help: 'What the model is told before every conversation.',
  }),
  maxSteps: setting({
    group: 'Model',
    flag: '--max-steps',
    env: 'AGENT_MAX_STEPS',
    type: integer('number', 1),
    default: 8,
    help: 'Model calls in one run, tools between them.',
  }),

  approveTools: setting({
    group: 'Model',
    flag: '--approve-tools',
    env: 'AGENT_APPROVE_TOOLS',
    type: list('names'),
    default: [],
    help: 'Tools that run only when a person has approved the call: calculator,current_time.',
  }),
  maxContextTokens: setting({
    group: 'Model',
    flag: '--max-context',
    env: 'AGENT_MAX_CONTEXT',
    type: integer('tokens', 1),
    default: 32_000,
    help: 'Tokens of a conversation the model is asked with; the oldest turns are left out.',
  }),
  approvalTimeoutMs: setting({
    group: 'Model',
    flag: '--approval-timeout',
    env: 'AGENT_APPROVAL_TIMEOUT',
    type: seconds(0.1),
    default: 300_000,
    help: 'How long a person may take to approve a tool call.',
  }),

  allowedOrigins: setting({
    group: 'Access',
    flag: '--allowed-origins',
    env: 'WS_ALLOWED_ORIGINS',
    type: list('origins'),
    default: [],
    shownDefault: 'same host and loopback',
    help: 'Further origins whose pages may connect: https://app.example,https://b.example, or * for all.',
  }),
  allowedHosts: setting({
    group: 'Access',
    flag: '--allowed-hosts',
    env: 'WS_ALLOWED_HOSTS',
    type: list('hosts'),
    default: undefined,
    shownDefault: 'loopback names where bound to loopback, otherwise all',
    help: 'Host names that are served, without port, or * for all.',
  }),
  clientModels: setting({
    group: 'Access',
    flag: '--client-models',
    env: 'AGENT_CLIENT_MODELS',
    type: list('names'),
    default: [],
    help: 'Models a query may choose.',
  }),
  clientTemperature: setting({
    group: 'Access',
    flag: '--client-temperature',
    env: 'AGENT_CLIENT_TEMPERATURE',
    type: onOff,
    default: false,
    help: 'Let a query set the temperature.',
  }),
  clientTools: setting({
    group: 'Access',
    flag: '--client-tools',
    env: 'AGENT_CLIENT_TOOLS',
    type: onOff,
    default: false,
    help: 'Let a query narrow the tools the model sees.',
  }),

  maxConnections: setting({
    group: 'Connections',
    flag: '--max-connections',
    env: 'WS_MAX_CONNECTIONS',
    type: integer('number', 1),
    default: 1000,
    help: 'Connections at the same time.',
  }),
  heartbeatIntervalMs: setting({
    group: 'Connections',
    flag: '--heartbeat-interval',
    env: 'WS_HEARTBEAT_INTERVAL',
    type: seconds(0.1),
    default: 30_000,
    help: 'How often a silent connection is pinged.',
  }),
  maxMessageBytes: setting({
    group: 'Connections',
    flag: '--max-message',
    env: 'WS_MAX_MESSAGE',
    type: bytes(1024),
    default: 1_048_576,
    help: 'Size of one incoming message.',
  }),
  backpressureBytes: setting({
    group: 'Connections',
    flag: '--backpressure',
    env: 'WS_BACKPRESSURE',
    type: bytes(1),
    default: 262_144,
    help: 'Unsent bytes above which the runs of a connection wait for it.',
  }),
  slowConsumerMs: setting({
    group: 'Connections',
    flag: '--slow-consumer',
    env: 'WS_SLOW_CONSUMER',
    type: seconds(0.1),
    default: 30_000,
    help: 'How long a connection may stay above that before it is closed.',
  }),
  perMessageDeflate: setting({
    group: 'Connections',
    flag: '--per-message-deflate',
    env: 'WS_PER_MESSAGE_DEFLATE',
    type: onOff,
    default: false,
    help: 'Compress messages. Costs memory and CPU per connection.',
  }),

  maxRunsPerConnection: setting({
    group: 'Runs',
    flag: '--max-runs',
    env: 'AGENT_MAX_RUNS',
    type: integer('number', 1),
    default: 16,
    help: 'Runs in progress on one connection.',
  }),
  maxRunMs: setting({
    group: 'Runs',
    flag: '--max-run-time',
    env: 'AGENT_MAX_RUN_TIME',
    type: seconds(0.1),
    default: 600_000,
    help: 'How long a run may last.',
  }),
  detachGraceMs: setting({
    group: 'Runs',
    flag: '--detach-grace',
    env: 'AGENT_DETACH_GRACE',
    type: seconds(0),
    default: 60_000,
    help: 'How long a run goes on after its last reader left.',
  }),
  maxRunBytes: setting({
    group: 'Runs',
    flag: '--max-run-output',
    env: 'AGENT_MAX_RUN_OUTPUT',
    type: bytes(1),
    default: 16_777_216,
    help: 'Output of one run.',
  }),
  maxLogBytes: setting({
    group: 'Runs',
    flag: '--max-output',
    env: 'AGENT_MAX_OUTPUT',
    type: bytes(1),
    default: 268_435_456,
    help: 'Output of all runs in progress.',
  }),
  maxRetainedBytes: setting({
    group: 'Runs',
    flag: '--max-retained',
    env: 'AGENT_MAX_RETAINED',
    type: bytes(1),
    default: 134_217_728,
    help: 'Output of ended runs kept for reading again.',
  }),
  retainMs: setting({
    group: 'Runs',
    flag: '--retain',
    env: 'AGENT_RETAIN',
    type: seconds(0),
    default: 300_000,
    help: 'How long that output is kept.',
  }),
  maxToolResultBytes: setting({
    group: 'Runs',
    flag: '--max-tool-result',
    env: 'AGENT_MAX_TOOL_RESULT',
    type: bytes(1),
    default: 262_144,
    help: 'Result of one tool call.',
  }),
  coalesceMs: setting({
    group: 'Runs',
    flag: '--coalesce',
    env: 'AGENT_COALESCE',
    type: integer('ms', 1, 10_000),
    default: 35,
    help: 'Under load, milliseconds between two chunks of a run.',
  }),

  store: setting({
    group: 'Store',
    flag: '--store',
    env: 'AGENT_STORE',
    type: storePlace,
    default: 'memory',
    help: 'Where runs and conversations are kept: memory, which ends with the process, or sqlite:PATH.',
  }),
  durability: setting({
    group: 'Store',
    flag: '--durability',
    env: 'AGENT_DURABILITY',
    type: choice('level', ['normal', 'full']),
    default: 'normal',
    help: 'What SQLite survives: normal, any end of the process; full, a power loss as well.',
  }),
  maxConversationBytes: setting({
    group: 'Store',
    flag: '--max-conversations',
    env: 'AGENT_MAX_CONVERSATIONS',
    type: bytes(0),
    default: 134_217_728,
    help: 'Size of all conversations in memory together; those not used for the longest time go first.',
  }),

  logLevel: setting({
    group: 'Logs',
    flag: '--log-level',
    env: 'LOG_LEVEL',
    type: choice('level', ['debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
    help: 'What is logged: debug, info, warn, error or silent.',
  }),
  logFormat: setting({
    group: 'Logs',
    flag: '--log-format',
    env: 'LOG_FORMAT',
    type: choice('format', ['pretty', 'json']),
    default: undefined,
    shownDefault: 'pretty on a terminal, otherwise json',
    help: 'How standard output looks: pretty, or json with one object a line, the start included.',
  }),
  logFile: setting({
    group: 'Logs',
    flag: '--log-file',
    env: 'LOG_FILE',
    type: text('file'),
    default: undefined,
    bare: 'logs/agent-engine.log',
    help: 'Log to this file too, as json. Directories are made. Without a name: logs/agent-engine.log.',
  }),
} as const;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** What the operator set, and the defaults of the rest. */
export type Settings = {
  readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]>;
};

type ValueOf<Row> = Row extends { type: ValueType<infer T>; default: infer Default } ? T | Default : never;
