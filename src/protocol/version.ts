/** The WebSocket subprotocol with which a client negotiates the whole protocol instead of the documented core. */
export const SUBPROTOCOL = 'agent-ws.v1';

/** The WebSocket subprotocol with which a client negotiates the whole protocol in encrypted messages. */
export const ENCRYPTED_SUBPROTOCOL = 'agent-ws.v1+jwe';
/**
 * Offered as a further subprotocol by a client whose first message is `auth`: the server completes the handshake without
 * credentials and waits for the message.
 */
export const AUTH_BY_MESSAGE = 'agent-ws.auth';

/**
 * Begins the subprotocol by which a client that is not authenticated names its own secret: `agent-ws.client_secret.` and
 * at least 22 letters, digits, `-` or `_`, which are 128 random bits in Base64url (RFC 4648, section 5).
 */
export const CLIENT_SECRET_PREFIX = 'agent-ws.client_secret.';

/** The default path of the endpoint. */
export const DEFAULT_PATH = '/ws/agent';

/** Limits of every message. Only `messageBytes` can be changed, by the server's option `maxMessageBytes`. */
export const LIMITS = {
  /** Bytes in one client message, unless `connected.limits` says otherwise. */
  messageBytes: 1_048_576,
  /** Nesting of objects and arrays. */
  depth: 32,
  /** Values in one client message: small text may become large in memory, and slow to check. */
  values: 10_000,
  /** Characters in a `request_id`, `conversation_id`, tool name or model name. */
  idLength: 128,
  /** Characters in a `tool_call_id`: model providers generate them, some with several hundred characters. */
  toolCallIdLength: 4_096,
  /** Characters in the token of an `auth` message. */
  tokenLength: 4_000,
  /** Bytes that a client may send before it is authenticated, frames included. */
  unauthenticatedBytes: 4_096,
  /** Tools in one query. */
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
  /** Characters in the URL of an attachment. */
  urlLength: 2_048,
  /** Bytes of JSON in one `stream_data`. */
  dataBytes: 65_536,
  /** Characters in the name of a member of a room. */
  memberNameLength: 64,
  /** Bytes of JSON in the public data of a member of a room. */
  memberDataBytes: 1_024,
  /** Siblings of one message: the nearest ones. */
  siblings: 100,
  /** Messages or conversations in one page. */
  pageSize: 200,
  /** UTF-8 bytes of text in one `stream_chunk` or `stream_reasoning`, live or replayed. */
  chunkBytes: 65_536,
} as const;
