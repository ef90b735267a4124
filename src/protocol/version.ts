/** The WebSocket subprotocol a client offers to speak the whole protocol rather than its documented core. */
export const SUBPROTOCOL = 'agent-ws.v1';

/** Where the endpoint lives unless the embedder says otherwise. */
export const DEFAULT_PATH = '/ws/agent';

/** Bounds every message has to keep. Only `messageBytes` can be set otherwise, by the server's `maxMessageBytes`. */
export const LIMITS = {
  /** Bytes in one message from a client, unless the server says otherwise in `connected.limits`. */
  messageBytes: 1_048_576,
  /** Objects and arrays inside each other. */
  depth: 32,
  /** Values in one message from a client: what is small as text may be large in memory, and slow to check. */
  values: 10_000,
  /** Characters in a `request_id`, `conversation_id`, tool name or model name. */
  idLength: 128,
  /** Characters in a `tool_call_id`: model providers make them, some of several hundred characters. */
  toolCallIdLength: 4_096,
  /** Tools one query may ask for. */
  toolsPerQuery: 64,
  /** Characters in the title of a conversation. */
  titleLength: 200,
  /** Bytes of JSON in the metadata of a conversation. */
  metadataBytes: 4_096,
  /** Characters in the reason of an approval. */
  reasonLength: 1_000,
  /** Attachments of one query, whatever the operator allows. */
  attachments: 16,
  /** Characters in the name of an attachment. */
  attachmentNameLength: 255,
  /** Characters in the address of an attachment. */
  urlLength: 2_048,
  /** Bytes of JSON in one `stream_data`. */
  dataBytes: 65_536,
  /** Siblings told of one message: the nearest to it. */
  siblings: 100,
  /** Messages or conversations in one page. */
  pageSize: 200,
  /** UTF-8 bytes of text in one `stream_chunk` or `stream_reasoning`, live or replayed. */
  chunkBytes: 65_536,
} as const;
