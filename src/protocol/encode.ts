import { serverMessages, type CustomMessage, type ServerMessage, type ServerMessageType } from './server-messages.js';

/** A field of a message, and how it begins on the wire. */
interface Field {
  readonly key: string;
  readonly before: string;
}

const wireOrder = new Map<string, readonly Field[]>(
  Object.entries(serverMessages).map(([type, schema]) => [
    type,
    Object.keys(schema.shape)
      .filter((key) => key !== 'type')
      .map((key) => ({ key, before: `,${JSON.stringify(key)}:` })),
  ]),
);

/** The place of a message in the log of its run. */
export interface Stamp {
  readonly timestamp: number;
  readonly run_id: string;
  readonly seq: number;
}

/**
 * Encodes a message of the protocol, keys in wire order and absent ones left out, or an embedder's own as it is.
 * @param stamp - fields a message of a run has besides its own
 */
export function encodeMessage(message: ServerMessage | CustomMessage, stamp?: Stamp): string {
  const order = wireOrder.get(message.type);
  if (order === undefined) return JSON.stringify(message);
  const fields = message as Readonly<Record<string, unknown>>;
  const stamped = stamp as Readonly<Record<string, unknown>> | undefined;
  // Field by field, since an object in the right order would have to be made for every message.
  let json = `{"type":"${message.type}"`;
  for (const { key, before } of order) {
    const value = stamped?.[key] ?? fields[key];
    if (value === undefined) continue;
    const encoded = JSON.stringify(value) as string | undefined;
    if (encoded !== undefined) json += before + encoded;
  }
  return `${json}}`;
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
