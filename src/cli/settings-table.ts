import { CLIENT_CHOICES } from '../agent/client-choices.js';
import { ENCRYPTION_OPTIONS } from '../encryption/options.js';
import { SERVER_OPTIONS } from '../options.js';
import { CLOSE_OPTIONS } from '../shutdown.js';
import { SQLITE_STORE_OPTIONS } from '../stores/sqlite/options.js';
import { metricsPlace } from './metrics-place.js';
import { MODEL_SETTINGS } from './model-settings.js';
import { rates } from './rates.js';
import { REDIS_SETTINGS } from './redis-settings.js';
import { optionSettings, setting } from './setting.js';
import { choice, endpointPath, file, integer, onOff, storePlace, text, type ValueType } from './value-types.js';

/** Settings that are options of `createAgentSocketServer`. */
export const SERVER_SETTINGS = optionSettings(SERVER_OPTIONS, {
  path: { group: 'Server', flag: '--path', env: 'WS_PATH', type: endpointPath },

  systemPrompt: { group: 'Model', flag: '--system-prompt', env: 'AGENT_SYSTEM_PROMPT' },
  maxSteps: { group: 'Model', flag: '--max-steps', env: 'AGENT_MAX_STEPS', placeholder: 'number' },
  maxContextTokens: { group: 'Model', flag: '--max-context', env: 'AGENT_MAX_CONTEXT', placeholder: 'tokens' },
  approvalTimeoutMs: { group: 'Model', flag: '--approval-timeout', env: 'AGENT_APPROVAL_TIMEOUT' },

  allowedOrigins: { group: 'Access', flag: '--allowed-origins', env: 'WS_ALLOWED_ORIGINS', placeholder: 'origins' },
  allowedHosts: { group: 'Access', flag: '--allowed-hosts', env: 'WS_ALLOWED_HOSTS', placeholder: 'hosts' },
  trustedProxies: { group: 'Access', flag: '--trusted-proxies', env: 'WS_TRUSTED_PROXIES', placeholder: 'addresses' },
  anonymous: { group: 'Access', flag: '--anonymous', env: 'WS_ANONYMOUS', placeholder: 'mode' },

  rateLimits: { group: 'Access', flag: '--rate-limits', env: 'AGENT_RATE_LIMITS', type: rates },

  maxConnections: { group: 'Connections', flag: '--max-connections', env: 'WS_MAX_CONNECTIONS', placeholder: 'number' },
  heartbeatIntervalMs: { group: 'Connections', flag: '--heartbeat-interval', env: 'WS_HEARTBEAT_INTERVAL' },
  maxMessageBytes: { group: 'Connections', flag: '--max-message', env: 'WS_MAX_MESSAGE' },
  backpressureBytes: { group: 'Connections', flag: '--backpressure', env: 'WS_BACKPRESSURE' },
  slowConsumerMs: { group: 'Connections', flag: '--slow-consumer', env: 'WS_SLOW_CONSUMER' },
  perMessageDeflate: { group: 'Connections', flag: '--per-message-deflate', env: 'WS_PER_MESSAGE_DEFLATE' },

  maxRunsPerConnection: { group: 'Runs', flag: '--max-runs', env: 'AGENT_MAX_RUNS', placeholder: 'number' },
  maxRunsPerOwner: { group: 'Runs', flag: '--max-owner-runs', env: 'AGENT_MAX_OWNER_RUNS', placeholder: 'number' },
  maxRunsPerAddress: {
    group: 'Runs',
    flag: '--max-address-runs',
    env: 'AGENT_MAX_ADDRESS_RUNS',
    placeholder: 'number',
  },
  maxRunMs: { group: 'Runs', flag: '--max-run-time', env: 'AGENT_MAX_RUN_TIME' },
  detachGraceMs: { group: 'Runs', flag: '--detach-grace', env: 'AGENT_DETACH_GRACE' },
  maxRunBytes: { group: 'Runs', flag: '--max-run-output', env: 'AGENT_MAX_RUN_OUTPUT' },
  maxLogBytes: { group: 'Runs', flag: '--max-output', env: 'AGENT_MAX_OUTPUT' },
  maxLogBytesPerOwner: { group: 'Runs', flag: '--max-owner-output', env: 'AGENT_MAX_OWNER_OUTPUT' },
  maxLogBytesPerAddress: { group: 'Runs', flag: '--max-address-output', env: 'AGENT_MAX_ADDRESS_OUTPUT' },
  maxRetainedBytes: { group: 'Runs', flag: '--max-retained', env: 'AGENT_MAX_RETAINED' },
  retainMs: { group: 'Runs', flag: '--retain', env: 'AGENT_RETAIN' },
  maxToolResultBytes: { group: 'Runs', flag: '--max-tool-result', env: 'AGENT_MAX_TOOL_RESULT' },

  maxQueued: { group: 'Cluster', flag: '--max-queued', env: 'AGENT_MAX_QUEUED', placeholder: 'number' },

  roomNames: { group: 'Rooms', flag: '--room-names', env: 'ROOM_NAMES', placeholder: 'pattern' },
  maxRooms: { group: 'Rooms', flag: '--max-rooms', env: 'ROOM_MAX', placeholder: 'number' },
  maxRoomsPerConnection: { group: 'Rooms', flag: '--max-joined-rooms', env: 'ROOM_MAX_JOINED', placeholder: 'number' },
  maxRoomMembers: { group: 'Rooms', flag: '--max-room-members', env: 'ROOM_MAX_MEMBERS', placeholder: 'number' },
  maxRoomEvents: { group: 'Rooms', flag: '--max-room-events', env: 'ROOM_MAX_EVENTS', placeholder: 'number' },
  maxAllRoomBytes: { group: 'Rooms', flag: '--max-all-room-size', env: 'ROOM_MAX_ALL_SIZE' },
  maxRoomBytes: { group: 'Rooms', flag: '--max-room-size', env: 'ROOM_MAX_SIZE' },
  retainRoomsMs: { group: 'Rooms', flag: '--retain-rooms', env: 'ROOM_RETAIN' },
  maxRoomMessageBytes: { group: 'Rooms', flag: '--max-room-message', env: 'ROOM_MAX_MESSAGE' },
  roomRate: { group: 'Rooms', flag: '--room-rate', env: 'ROOM_RATE', placeholder: 'number' },
  roomMemberRate: { group: 'Rooms', flag: '--room-member-rate', env: 'ROOM_MEMBER_RATE', placeholder: 'number' },

  maxConversationBytes: {
    group: 'Store',
    flag: '--max-conversations',
    env: 'AGENT_MAX_CONVERSATIONS',
    shownDefault: '128MiB in memory, 8GiB in SQLite',
  },
  maxOwnerConversationBytes: {
    group: 'Store',
    flag: '--max-owner-conversations',
    env: 'AGENT_MAX_OWNER_CONVERSATIONS',
    shownDefault: 'the same in memory, 1GiB in SQLite',
  },
  logIds: { group: 'Logs', flag: '--log-ids', env: 'LOG_IDS', placeholder: 'length' },
});

const CHOICES = optionSettings(CLIENT_CHOICES, {
  models: { group: 'Access', flag: '--client-models', env: 'AGENT_CLIENT_MODELS', placeholder: 'names' },
  temperature: { group: 'Access', flag: '--client-temperature', env: 'AGENT_CLIENT_TEMPERATURE' },
  tools: { group: 'Access', flag: '--client-tools', env: 'AGENT_CLIENT_TOOLS' },
});

/**
 * All settings. Flag and variable are defined here; rule, default and sentence of an option of the library come from
 * its table.
 */
export const SETTINGS = {
  host: setting({
    group: 'Server',
    flag: '--host',
    env: 'HOST',
    type: text('address'),
    default: '0.0.0.0',
    help: 'Address to listen on. 127.0.0.1 serves this machine only, and is the default with an OpenAI key.',
  }),
  port: setting({
    group: 'Server',
    flag: '--port',
    env: 'PORT',
    type: integer('number', 0, 65_535),
    default: 8003,
    help: 'Port to listen on. 0 takes a free one.',
  }),
  workers: setting({
    group: 'Server',
    flag: '--workers',
    env: 'AGENT_WORKERS',
    type: integer('number', 1, 256),
    default: undefined,
    help: 'How many processes of the service share the port. One that ends is replaced. Needs --redis. They are not the workers of --run queue.',
  }),
  tlsCert: setting({
    group: 'Server',
    flag: '--tls-cert',
    env: 'TLS_CERT',
    type: file,
    default: undefined,
    help: 'Certificate chain in PEM format. With --tls-key the server speaks https and wss.',
  }),
  tlsKey: setting({
    group: 'Server',
    flag: '--tls-key',
    env: 'TLS_KEY',
    type: file,
    default: undefined,
    help: 'Private key in PEM format.',
  }),
  messageKeyFile: setting({
    group: 'Access',
    flag: '--message-key-file',
    env: 'AGENT_MESSAGE_KEY_FILE',
    type: file,
    default: undefined,
    help: 'Private key on the curve P-256, in PEM format, for messages that are encrypted up to this server.',
  }),
  requireEncryption: setting({
    group: 'Access',
    flag: '--require-encryption',
    env: 'AGENT_REQUIRE_ENCRYPTION',
    type: onOff,
    default: ENCRYPTION_OPTIONS.required.default,
    help: ENCRYPTION_OPTIONS.required.text,
  }),
  ...MODEL_SETTINGS,
  ...SERVER_SETTINGS,
  authJwks: setting({
    group: 'Access',
    flag: '--auth-jwks',
    env: 'WS_AUTH_JWKS',
    type: text('url'),
    default: undefined,
    help: 'Accept JWTs that a key of this JSON Web Key Set signs. Needs --auth-issuer and --auth-audience.',
  }),
  authSecretFile: setting({
    group: 'Access',
    flag: '--auth-secret-file',
    env: 'WS_AUTH_SECRET_FILE',
    type: file,
    default: undefined,
    help: 'Accept JWTs that the secret in this file signs (HS256). Needs --auth-issuer and --auth-audience.',
  }),
  authTokensFile: setting({
    group: 'Access',
    flag: '--auth-tokens-file',
    env: 'WS_AUTH_TOKENS_FILE',
    type: file,
    default: undefined,
    help: 'Accept the static tokens of this JSON file: a list of {"sha256", "id", "scopes"}.',
  }),
  authIssuer: setting({
    group: 'Access',
    flag: '--auth-issuer',
    env: 'WS_AUTH_ISSUER',
    type: text('issuer'),
    default: undefined,
    help: 'The issuer that JWTs must name.',
  }),
  authAudience: setting({
    group: 'Access',
    flag: '--auth-audience',
    env: 'WS_AUTH_AUDIENCE',
    type: text('audience'),
    default: undefined,
    help: 'The audience that JWTs must name.',
  }),
  clientModels: CHOICES.models,
  clientTemperature: CHOICES.temperature,
  clientTools: CHOICES.tools,
  store: setting({
    group: 'Store',
    flag: '--store',
    env: 'AGENT_STORE',
    type: storePlace,
    default: 'memory',
    help: 'Where runs and conversations are kept: memory, which ends with the process, or sqlite:PATH.',
  }),
  storeKeyFile: setting({
    group: 'Store',
    flag: '--store-key-file',
    env: 'AGENT_STORE_KEY_FILE',
    type: file,
    default: undefined,
    help: 'File with keys of 32 bytes in base64, one a line, that encrypt what is stored: the first encrypts, all decrypt.',
  }),
  storeBackup: setting({
    group: 'Store',
    flag: '--store-backup',
    env: 'AGENT_STORE_BACKUP',
    type: file,
    default: undefined,
    help: 'File that gets a copy of the database at each SIGUSR2, while the service goes on.',
  }),
  ...optionSettings(SQLITE_STORE_OPTIONS, {
    durability: { group: 'Store', flag: '--durability', env: 'AGENT_DURABILITY', placeholder: 'level' },
  }),
  ...REDIS_SETTINGS,
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
    type: file,
    default: undefined,
    bare: 'logs/agent-engine.log',
    help: 'Log to this file too, as json. Directories are made. Without a name: logs/agent-engine.log.',
  }),
  ...optionSettings(CLOSE_OPTIONS, {
    drainMs: { group: 'Operating', flag: '--drain', env: 'AGENT_DRAIN', shownDefault: '5, in a cluster 600' },
    delayMs: { group: 'Operating', flag: '--drain-delay', env: 'AGENT_DRAIN_DELAY' },
  }),
  metrics: setting({
    group: 'Operating',
    flag: '--metrics',
    env: 'METRICS',
    type: metricsPlace,
    default: undefined,
    bare: 'here',
    help: 'Serve metrics for Prometheus at /metrics: here, to everybody who reaches the port of the service, or at an address of its own. A port alone means this machine only.',
  }),
  auditFile: setting({
    group: 'Operating',
    flag: '--audit-file',
    env: 'AUDIT_FILE',
    type: file,
    default: undefined,
    help: 'Append who connected, was refused, ran which tool and approved what to this file, one JSON object a line, without text and params.',
  }),
};

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The values of all settings, with defaults. */
export type Settings = {
  readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]>;
};

type ValueOf<Row> = Row extends { type: ValueType<infer T>; default: infer Default } ? T | Default : never;
