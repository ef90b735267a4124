import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { GROUPS, type Setting } from '../../src/cli/setting.js';
import { SETTINGS } from '../../src/cli/settings-table.js';
import { EXECUTOR_OPTIONS } from '../../src/agent/executor-options.js';
import { ATTACHMENT_OPTIONS } from '../../src/agent/attachment-rules.js';
import { CLIENT_CHOICES } from '../../src/agent/client-choices.js';
import { JWT_AUTH_OPTIONS } from '../../src/auth/jwt-options.js';
import { TOKEN_AUTH_OPTIONS } from '../../src/auth/static-tokens.js';
import { TICKET_OPTIONS } from '../../src/auth/tickets.js';
import { CONNECTION_OPTIONS } from '../../src/connection/connection-options.js';
import { ENCRYPTION_OPTIONS } from '../../src/encryption/options.js';
import { CUSTOM_MESSAGE } from '../../src/message/custom-message.js';
import { MESSAGE_HANDLER_OPTIONS } from '../../src/message/message-handler-options.js';
import { RATE_LIMITS } from '../../src/message/rate-limits.js';
import { SERVER_OPTIONS } from '../../src/options.js';
import { DEMO_PROVIDER_OPTIONS } from '../../src/providers/demo/options.js';
import { OPENAI_PROVIDER_OPTIONS } from '../../src/providers/openai/options.js';
import { BULLMQ_QUEUE_OPTIONS } from '../../src/queues/bullmq/options.js';
import { RUN_OPTIONS } from '../../src/run/run-manager-options.js';
import type { Option } from '../../src/runtime/option-table.js';
import type { NumberRule } from '../../src/runtime/rule.js';
import { CLOSE_OPTIONS } from '../../src/shutdown.js';
import { MEMORY_STORE_OPTIONS } from '../../src/stores/memory/options.js';
import { REDIS_STORE_OPTIONS } from '../../src/stores/redis/options.js';
import { SQLITE_STORE_OPTIONS } from '../../src/stores/sqlite/options.js';
import { TOOL_DEFINITION } from '../../src/tool/tool.js';
import { CURRENT_TIME_OPTIONS } from '../../src/tools/current-time.js';
import { ROOT } from '../helpers/build.js';
import { markdown } from './markdown.js';

/** A table of options, and the interfaces whose TSDoc says the same. */
export interface Documented {
  readonly table: Readonly<Record<string, Option>>;
  readonly interfaces: readonly string[];
}

const RETENTION = 'stores/retention-options.ts RetentionOptions';
const LOGGER = 'runtime/logger-option.ts LoggerOption';
const PERMISSIONS = 'permission/permissions.ts PermissionsOption';
const DETACH = 'runtime/detach-option.ts DetachOption';
const CONNECTION = 'connection/connection-options.ts ConnectionManagerOptions';
const SOCKET = 'transport/socket-options.ts SocketOptions';
const EXECUTOR = 'agent/executor-options.ts AgentExecutorOptions';
const RUNS = 'run/run-manager-options.ts RunManagerOptions';
const ROOMS = 'room/room-options.ts RoomLimits';
const CONVERSATIONS = 'stores/memory/options.ts MemoryConversationStoreOptions';

/** Every table of options. Where two interfaces have a name, the first one counts. */
export const TABLES: Readonly<Record<string, Documented>> = {
  server: {
    table: SERVER_OPTIONS,
    interfaces: [
      ROOMS,
      'options.ts AgentSocketServerOptions',
      EXECUTOR,
      CONNECTION,
      SOCKET,
      RUNS,
      'message/message-handler-options.ts MessageHandlerOptions',
      CONVERSATIONS,
      RETENTION,
      DETACH,
      PERMISSIONS,
      LOGGER,
    ],
  },
  attachments: { table: ATTACHMENT_OPTIONS, interfaces: ['agent/attachment-rules.ts AttachmentOptions'] },
  clientMayChoose: { table: CLIENT_CHOICES, interfaces: ['agent/client-choices.ts ClientChoices'] },
  encryption: { table: ENCRYPTION_OPTIONS, interfaces: ['encryption/options.ts EncryptionOptions'] },
  rateLimits: { table: RATE_LIMITS, interfaces: ['message/rate-limits.ts RateLimits'] },
  close: { table: CLOSE_OPTIONS, interfaces: ['shutdown.ts CloseOptions'] },
  jwtAuth: { table: JWT_AUTH_OPTIONS, interfaces: ['auth/jwt-options.ts JwtAuthOptions'] },
  tokenAuth: { table: TOKEN_AUTH_OPTIONS, interfaces: ['auth/static-tokens.ts TokenAuthOptions'] },
  tickets: { table: TICKET_OPTIONS, interfaces: ['auth/tickets.ts TicketOptions'] },
  sqlite: {
    table: SQLITE_STORE_OPTIONS,
    interfaces: ['stores/sqlite/options.ts SqliteStoreOptions', RETENTION, LOGGER],
  },
  memory: { table: MEMORY_STORE_OPTIONS, interfaces: [CONVERSATIONS, RETENTION] },
  redis: { table: REDIS_STORE_OPTIONS, interfaces: ['stores/redis/options.ts RedisStoreOptions', RETENTION, LOGGER] },
  bullMq: { table: BULLMQ_QUEUE_OPTIONS, interfaces: ['queues/bullmq/options.ts BullMqQueueOptions', LOGGER] },
  openai: { table: OPENAI_PROVIDER_OPTIONS, interfaces: ['providers/openai/options.ts OpenAiProviderOptions'] },
  demo: { table: DEMO_PROVIDER_OPTIONS, interfaces: ['providers/demo/options.ts DemoProviderOptions'] },
  tool: { table: TOOL_DEFINITION, interfaces: ['tool/tool.ts ToolDefinition'] },
  currentTime: { table: CURRENT_TIME_OPTIONS, interfaces: ['tools/current-time.ts CurrentTimeOptions'] },
  message: { table: CUSTOM_MESSAGE, interfaces: ['message/custom-message.ts CustomMessageDefinition'] },
  connections: { table: CONNECTION_OPTIONS, interfaces: [CONNECTION, DETACH, LOGGER] },
  runs: { table: RUN_OPTIONS, interfaces: [RUNS, DETACH, LOGGER] },
  executor: { table: EXECUTOR_OPTIONS, interfaces: [EXECUTOR, PERMISSIONS, LOGGER] },
  messages: {
    table: MESSAGE_HANDLER_OPTIONS,
    interfaces: ['message/message-handler-options.ts MessageHandlerOptions', CONNECTION, PERMISSIONS, LOGGER],
  },
};

/** What TSDoc says of a member: its text, and its default if it may be left out. */
export interface Doc {
  readonly text: string;
  readonly default: string | undefined;
  readonly isOptional: boolean;
}

/** The documented members of an interface: `options.ts AgentSocketServerOptions`. */
export function docsOf(place: string): Map<string, Doc> {
  const [file = '', name] = place.split(' ');
  const text = readFileSync(join(ROOT, 'src', file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`No ${place}`);
  return new Map(
    found.members.map((member) => {
      const tags = ts.getJSDocTags(member);
      const comment = ts.getJSDocCommentsAndTags(member).find((node) => ts.isJSDoc(node));
      return [
        member.name?.getText() ?? '',
        {
          text: plain(ts.getTextOfJSDocComment(comment?.comment) ?? ''),
          default: tags
            .map(({ tagName, comment: said }) =>
              tagName.text === 'default' ? plain(ts.getTextOfJSDocComment(said) ?? '') : '',
            )
            .find((said) => said !== ''),
          isOptional: member.questionToken !== undefined,
        },
      ];
    }),
  );
}

function plain(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** A default as code has it. */
export function written({ default: value, defaultText }: Option): string | undefined {
  if (defaultText !== undefined) return defaultText;
  if (value === undefined) return undefined;
  if (typeof value === 'string') return `'${value}'`;
  return JSON.stringify(value).replaceAll('"', "'");
}

/** A default as people read it. */
function shown(option: Option): string {
  const { default: value, defaultText } = option;
  if (option.required === true) return 'required';
  const { unit } = option.rule as NumberRule;
  if (defaultText === undefined && typeof value === 'number' && unit !== undefined) {
    return unit === 'ms' ? duration(value) : amount(value);
  }
  const text = (written(option) ?? 'none').replace(/\{@link (\w+)\}/g, '$1');
  return defaultText === undefined ? `\`${text}\`` : text;
}

const scaled = (value: number, units: readonly (readonly [string, number])[]): string => {
  const [name, size] = units.find(([, size]) => value >= size && value % size === 0) ?? ['', 1];
  return `${value / size} ${name}`;
};
const duration = (ms: number): string =>
  scaled(ms, [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ]);
const amount = (bytes: number): string =>
  scaled(bytes, [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
    ['bytes', 1],
  ]);

/** All tables of docs/options.md, by their names. */
export function tables(): Map<string, string> {
  const all = Object.entries(TABLES).map(([name, { table }]) => [name, optionTable(table)] as const);
  return new Map([...all, ['client', clientTable()], ['command', commandTable()]]);
}

function optionTable(table: Readonly<Record<string, Option>>): string {
  const rows = Object.entries(table).map(([name, option]) => [
    `\`${name}\``,
    shown(option),
    option.rule.sentence,
    option.text,
  ]);
  return markdown(['option', 'default', 'must be', ''], rows);
}

/** The client holds no sentences: they would be part of every page. */
function clientTable(): string {
  const docs = [...docsOf('client/options.ts AgentClientOptions')];
  const rows = docs.map(([name, doc]) => [
    `\`${name}\``,
    doc.isOptional ? (doc.default ?? 'none') : 'required',
    doc.text,
  ]);
  return markdown(['option', 'default', ''], rows);
}

function commandTable(): string {
  const settings = Object.values<Setting<unknown>>(SETTINGS);
  const sorted = settings.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
  const rows = sorted.map(({ flag, env, type, default: value, shownDefault, help }) => [
    flag === undefined
      ? ''
      : `\`${[flag, ...(type.placeholder === undefined ? [] : [`<${type.placeholder}>`])].join(' ')}\``,
    `\`${env}\``,
    shownDefault ?? (value === undefined ? '' : type.show(value)),
    help,
  ]);
  return markdown(['flag', 'variable', 'default', ''], rows);
}
