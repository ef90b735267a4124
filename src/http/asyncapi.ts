import type { LlmTool } from '../tool/llm-tool.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import { documentedMessages, type DocumentedMessage } from './message-schemas.js';
import type { HttpRoutesState } from './state.js';

/** The WebSocket endpoint as an AsyncAPI 3.0 document, seen from the server: it receives what clients send. */
export function asyncApi(state: HttpRoutesState): object {
  const messages = documentedMessages();
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
      receive: operation('receive', 'What clients send.', messages, 'client'),
      send: operation('send', 'What the server sends.', messages, 'server'),
    },
    components: { messages: Object.fromEntries(messages.map((message) => [message.id, component(message)])) },
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

function operation(
  action: 'receive' | 'send',
  summary: string,
  messages: readonly DocumentedMessage[],
  direction: DocumentedMessage['direction'],
): object {
  return {
    action,
    summary,
    channel: { $ref: '#/channels/agent' },
    messages: messages
      .filter((message) => message.direction === direction)
      .map(({ id }) => ({ $ref: `#/channels/agent/messages/${id}` })),
  };
}

function component({ type, direction, schema, example }: DocumentedMessage): object {
  return {
    name: type,
    title: type,
    summary: schema.description,
    contentType: 'application/json',
    payload: schema,
    examples: [{ payload: example }],
    'x-direction': direction,
  };
}

function describeTool({ name, description, parameters }: LlmTool, index: number): object {
  return { name, description, parameters: rebase(parameters, `#/x-tools/${index}/parameters`) };
}

/**
 * Local references of a schema count from its own root. Inside a document they would count from the document's,
 * dangle, and make the whole document invalid: a recursive tool parameter is enough.
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
