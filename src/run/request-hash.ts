import { hash } from 'node:crypto';
import type { RunRequest } from '../protocol/client-messages.js';

/**
 * A hash by which two requests are equal if they ask for the same work. Ignores ids of requests, their traces and reading options.
 */
export function hashRequest(request: RunRequest): string {
  const { request_id: _, run_id: __, traceparent: ___, ...content } = request;
  // The schema has ordered the fields; only the params of a tool may have any order.
  const text = content.type === 'tool_call' ? canonical(content) : JSON.stringify(content);
  return hash('sha256', text, 'base64url');
}

/** JSON with sorted keys. Parsed JSON nests only as deep as the protocol allows. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  const fields = Object.keys(object).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`).join(',')}}`;
}
