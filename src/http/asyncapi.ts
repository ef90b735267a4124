import type { LlmTool } from '../tool/llm-tool.js';
import { CORE_REQUESTS, type ClientMessageType } from '../protocol/client-messages.js';
import { CORE_TYPES, TERMINAL_TYPES, type ServerMessageType } from '../protocol/server-messages.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import { documentedMessages, type DocumentedMessage } from './message-schemas.js';
import { SharedSchemas } from './shared-schemas.js';
import type { HttpRoutesState } from './state.js';

/** The WebSocket endpoint as an AsyncAPI 3.0 document, seen from the server: it receives what clients send. */
export function asyncApi(state: HttpRoutesState): object {
  const messages = documentedMessages();
  const shared = new SharedSchemas();
  const fromClients = messages.filter(({ direction }) => direction === 'client');
  const fromServer = messages.filter(({ direction }) => direction === 'server');
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'agent-ws',
      version: state.info.version,
      description:
        'Talk between people and LLM agents over one WebSocket. Text frames, one JSON object each; unknown fields are ' +
        'to be ignored. / 通过一条 WebSocket 连接与 LLM 智能体实时对话：每个文本帧是一个 JSON 对象，未知字段应忽略。',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      here: {
        host: '{host}',
        protocol: 'ws',
        description: 'The server this document comes from; `wss` where it speaks TLS.',
        variables: { host: { default: 'localhost:8003', description: 'Host and port of this document.' } },
      },
    },
    channels: {
      agent: {
        address: state.path,
        title: 'Agent',
        description: `A message from a client has at most ${LIMITS.messageBytes} bytes and ${LIMITS.values} values, and is nested ${LIMITS.depth} deep at most.`,
        messages: Object.fromEntries(messages.map(({ id }) => [id, { $ref: `#/components/messages/${id}` }])),
        bindings: { ws: { method: 'GET', headers: HANDSHAKE_HEADERS, bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      ...Object.fromEntries(fromClients.map((message) => [`receive_${message.type}`, receiving(message, messages)])),
      send: operation('send', 'What the server sends.', fromServer),
    },
    components: {
      messages: Object.fromEntries(messages.map((message) => [message.id, component(message, shared)])),
      schemas: shared.schemas,
    },
    'x-tools': state.tools().map(describeTool),
  };
}

const HANDSHAKE_HEADERS = {
  type: 'object',
  properties: {
    'Sec-WebSocket-Protocol': {
      type: 'string',
      examples: [SUBPROTOCOL],
      description: `Offer \`${SUBPROTOCOL}\` to speak the whole protocol. Without it the server keeps to its documented core.`,
    },
  },
};

const RUN_REPLIES = ['accepted', 'resumed', 'cancelled'] as const;
/** The answers to each client message, besides `error`. */
const ANSWERS: Readonly<Record<ClientMessageType, readonly ServerMessageType[]>> = {
  ping: ['pong'],
  agent_query: [...RUN_REPLIES, 'status', 'agent_response'],
  streaming_query: [...RUN_REPLIES, 'stream_start', 'stream_chunk', 'stream_end'],
  tool_call: [...RUN_REPLIES, 'tool_result'],
  auth: ['authenticated'],
  cancel: ['cancelled'],
  resume: ['resumed'],
  list_runs: ['runs'],
  approval: ['approval_resolved'],
  watch: ['watching'],
  history: ['history'],
  select_branch: ['branch_selected'],
  attachment: ['attachment'],
  list_conversations: ['conversations'],
  update_conversation: ['conversation'],
  delete_conversation: ['conversation_deleted'],
  join: ['room_joined', 'room_event', 'presence'],
  leave: ['room_left'],
  room_message: ['room_published', 'room_event'],
  presence: ['presence'],
};
const CHANNEL = { $ref: '#/channels/agent' };

function operation(
  action: 'receive' | 'send',
  summary: string | undefined,
  messages: readonly DocumentedMessage[],
): object {
  return { action, summary, channel: CHANNEL, messages: references(messages) };
}

/** A client message and its answers: every message may be refused with an `error`. */
function receiving(message: DocumentedMessage, all: readonly DocumentedMessage[]): object {
  const types: readonly string[] = [...ANSWERS[message.type as ClientMessageType], 'error'];
  const answers = all.filter(({ direction, type }) => direction === 'server' && types.includes(type));
  return {
    ...operation('receive', message.schema.description, [message]),
    reply: { channel: CHANNEL, messages: references(answers) },
  };
}

function references(messages: readonly DocumentedMessage[]): object[] {
  return messages.map(({ id }) => ({ $ref: `#/channels/agent/messages/${id}` }));
}

function component({ type, direction, schema, example }: DocumentedMessage, shared: SharedSchemas): object {
  return {
    name: type,
    title: type,
    summary: schema.description,
    contentType: 'application/json',
    tags: [
      ...((direction === 'client' ? CORE_REQUESTS : CORE_TYPES).has(type) ? [] : [{ name: SUBPROTOCOL }]),
      ...(TERMINAL_TYPES.has(type) ? [{ name: 'ends-a-run' }] : []),
    ],
    payload: shared.withReferences(schema),
    examples: [{ payload: example }],
    'x-direction': direction,
  };
}

function describeTool({ name, description, parameters }: LlmTool, index: number): object {
  return { name, description, parameters: rebase(parameters, `#/x-tools/${index}/parameters`) };
}

/**
 * Rebases local references, which count from the root of a schema. In a document they would count from the document's
 * root and be invalid: one recursive tool parameter would make the whole document invalid.
 */
function rebase(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((element) => rebase(element, root));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      key === '$ref' && typeof field === 'string' && field.startsWith('#')
        ? root + field.slice(1)
        : rebase(field, root),
    ]),
  );
}
