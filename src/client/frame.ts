import type { ClientMessageInput } from '../protocol/client-messages.js';
import type { CustomMessage, ServerMessage } from '../protocol/server-messages.js';
import { LIMITS } from '../protocol/version.js';
import { AgentClientError } from './client-error.js';

/** What goes over the wire once a `request_id` is added. */
export type Outgoing = ClientMessageInput;

/** Parses a frame; `undefined` if it is not a message. */
export function parseFrame(data: unknown): ServerMessage | CustomMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    const isMessage = typeof message === 'object' && message !== null && 'type' in message;
    return isMessage && typeof message.type === 'string' ? (message as CustomMessage) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The frame of a message. It is made when the message is asked for, so that a repetition has the same content whatever
 * the caller changes meanwhile.
 * @throws AgentClientError if the server would refuse the message without naming it, or close the connection.
 */
export function encode(message: object): string {
  try {
    if (!isDeeperThan(message, LIMITS.depth)) return JSON.stringify(message);
  } catch (cause) {
    throw new AgentClientError('invalid_params', 'The message cannot be written as JSON', { cause });
  }
  throw new AgentClientError('too_deep', `Objects and arrays may be nested ${LIMITS.depth} deep at most`);
}

/** Whether a frame exceeds the server's limit. */
export function isTooBig(text: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes;
}

export function tooBigError(runId?: string): AgentClientError {
  return new AgentClientError('message_too_big', 'The message has more bytes than the server takes', { runId });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}
