import { serverMessages, type CustomMessage, type ServerMessage, type ServerMessageType } from './server-messages.js';

const wireOrder = new Map<string, readonly string[]>(
  Object.entries(serverMessages).map(([type, schema]) => [type, Object.keys(schema.shape)]),
);

/** Encodes a message of the protocol, keys in wire order and absent ones left out, or an embedder's own as it is. */
export function encodeMessage(message: ServerMessage | CustomMessage): string {
  const order = wireOrder.get(message.type);
  if (order === undefined) return JSON.stringify(message);
  const ordered: Record<string, unknown> = {};
  const fields = message as Readonly<Record<string, unknown>>;
  for (const key of order) {
    if (fields[key] !== undefined) ordered[key] = fields[key];
  }
  return JSON.stringify(ordered);
}

/** The text of a run that arrives in pieces. */
export type TextType = Extract<ServerMessageType, 'stream_chunk' | 'stream_reasoning'>;

/** Encodes a piece of text: the same as {@link encodeMessage}, written out because it runs once per token. */
export function encodeText(
  type: TextType,
  content: string,
  timestamp: number,
  firstSeq: number | undefined,
  runId: string,
  seq: number,
): string {
  const first = firstSeq === undefined ? '' : `,"first_seq":${firstSeq}`;
  return `{"type":"${type}","content":${JSON.stringify(content)},"timestamp":${timestamp}${first},"run_id":"${runId}","seq":${seq}}`;
}

/** Adds the `request_id` of the asker to an encoded message that lies in a log without it. */
export function withRequestId(encoded: string, requestId: string): string {
  return `${encoded.slice(0, -1)},"request_id":${JSON.stringify(requestId)}}`;
}

/** Moves an encoded message to a later time, for a reader who has already seen that time. */
export function withTimestamp(encoded: string, timestamp: number): string {
  const message = JSON.parse(encoded) as Record<string, unknown>;
  message['timestamp'] = timestamp;
  return JSON.stringify(message);
}

/** The time stamp of a message made now: Unix time in seconds. */
export function now(): number {
  return Date.now() / 1000;
}
