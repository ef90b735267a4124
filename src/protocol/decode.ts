import * as z from 'zod';
import { AgentSocketError } from './agent-socket-error.js';
import { fieldIssues, summary } from './field-issues.js';
import { QUERY_REQUIRED } from './client-messages.js';
import { hasMoreValuesThan, isDeeperThan } from './depth.js';
import { jsonSchemaOf } from './json-schema-of.js';
import { LIMITS } from './version.js';

/** A JSON object with a string `type`: what is known of a frame before its type is checked. */
export interface Envelope {
  readonly type: string;
  readonly request_id?: unknown;
  readonly [field: string]: unknown;
}

/**
 * Decodes one frame.
 * @throws AgentSocketError `invalid_json`, `too_deep`, `invalid_message` (no string `type`, or too many values).
 */
export function decodeFrame(data: string | Uint8Array): Envelope {
  if (typeof data !== 'string') throw new AgentSocketError('invalid_json', 'Messages are text frames, not binary ones');
  if (isDeeperThan(data, LIMITS.depth)) {
    throw new AgentSocketError('too_deep', `Objects and arrays may be nested ${LIMITS.depth} deep at most`);
  }
  if (hasMoreValuesThan(data, LIMITS.values)) {
    throw new AgentSocketError('invalid_message', `A message holds ${LIMITS.values} values at most`);
  }
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new AgentSocketError('invalid_json', 'The message is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AgentSocketError('invalid_json', 'The message is not a JSON object');
  }
  if (!('type' in value) || typeof value.type !== 'string') {
    const message = 'type' in value ? '`type` must be a string' : '`type` is required';
    throw new AgentSocketError('invalid_message', message, { issues: [{ path: 'type', message }] });
  }
  return value as Envelope;
}

/**
 * Checks an envelope against the schema of its type.
 * @throws AgentSocketError `query_required`, `invalid_params`, `invalid_message`.
 */
export function checkMessage<S extends z.ZodType>(schema: S, envelope: Envelope): z.output<S> {
  const result = schema.safeParse(envelope);
  if (result.success) return result.data;
  const { issues } = result.error;
  if (issues.some((issue) => issue.message === QUERY_REQUIRED)) {
    throw new AgentSocketError('query_required', QUERY_REQUIRED);
  }
  const code = issues.every((issue) => issue.path[0] === 'params') ? 'invalid_params' : 'invalid_message';
  const told = fieldIssues(issues, { value: envelope, schema: jsonSchemaOf(schema) });
  throw new AgentSocketError(code, summary(told), { issues: told });
}
