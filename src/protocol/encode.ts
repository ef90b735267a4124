import { serverMessages, type CustomMessage, type ServerMessage, type ServerMessageType } from './server-messages.js';

/** A field of a message, with its encoded name. */
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

/** The position of a message in the log of its run. */
export interface Stamp {
  readonly timestamp: number;
  readonly run_id: string;
  readonly seq: number;
}

/**
 * Encodes a message. Messages of the protocol have their keys in wire order, without absent ones; custom messages stay
 * as they are.
 * @param stamp - additional fields of a message of a run
 */
export function encodeMessage(message: ServerMessage | CustomMessage, stamp?: Stamp): string {
  const order = wireOrder.get(message.type);
  if (order === undefined) return JSON.stringify(message);
  const fields = message as Readonly<Record<string, unknown>>;
  const stamped = stamp as Readonly<Record<string, unknown>> | undefined;
  // Encoded field by field, which avoids an ordered object for every message.
  let json = `{"type":"${message.type}"`;
  for (const { key, before } of order) {
    const value = stamped?.[key] ?? fields[key];
    if (value === undefined) continue;
    const encoded = JSON.stringify(value) as string | undefined;
    if (encoded !== undefined) json += before + encoded;
  }
  return `${json}}`;
}

/** The types of streamed text. */
export type TextType = Extract<ServerMessageType, 'stream_chunk' | 'stream_reasoning'>;

/** Encodes a piece of text with the same result as {@link encodeMessage}, but faster, since it runs once per token. */
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

/** Adds the `request_id` of the asker to an encoded message of a log. */
export function withRequestId(encoded: string, requestId: string): string {
  return `${encoded.slice(0, -1)},"request_id":${JSON.stringify(requestId)}}`;
}

/** Replaces the time stamp of an encoded message by a later one, for a reader that has seen the later time already. */
export function withTimestamp(encoded: string, timestamp: number): string {
  const message = JSON.parse(encoded) as Record<string, unknown>;
  message['timestamp'] = timestamp;
  return JSON.stringify(message);
}

/** The current time stamp: Unix time in seconds. */
export function now(): number {
  return Date.now() / 1000;
}
