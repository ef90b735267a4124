import { z } from 'zod';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { fieldIssues } from '../errors/field-issues.js';
import { QUERY_REQUIRED } from './client-messages.js';
import { hasMoreValuesThan, isDeeperThan } from './depth.js';
import { LIMITS } from './version.js';

/** A JSON object with a string `type`: as far as a frame can be read before its type is known. */
export interface Envelope {
  readonly type: string;
  readonly request_id?: unknown;
  readonly [field: string]: unknown;
}

/**
 * Reads one frame.
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
    throw new AgentSocketError('invalid_message', 'The message has no "type"', {
      issues: [{ path: 'type', message: 'A string is required' }],
    });
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
  const told = fieldIssues(issues);
  const first = told[0];
  if (issues.some((issue) => issue.message === QUERY_REQUIRED)) {
    throw new AgentSocketError('query_required', QUERY_REQUIRED);
  }
  const code = issues.every((issue) => issue.path[0] === 'params') ? 'invalid_params' : 'invalid_message';
  const where = first === undefined ? '' : ` in "${first.path}": ${first.message}`;
  throw new AgentSocketError(code, `The ${envelope.type} message is not valid${where}`, { issues: told });
}
