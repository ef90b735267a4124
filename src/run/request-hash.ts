import { hash } from 'node:crypto';
import type { RunRequest } from '../protocol/client-messages.js';

/** Tells whether two requests ask for the same: everything but who correlates the answer and how. */
export function hashRequest(request: RunRequest): string {
  const { request_id: _, run_id: __, ...content } = request;
  // The schema has put the fields in order; only what a tool is given may come in any.
  const text = content.type === 'tool_call' ? canonical(content) : JSON.stringify(content);
  return hash('sha256', text, 'base64url');
}

/** JSON with sorted keys. What is parsed from JSON nests at most as deep as the protocol allows. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  const fields = Object.keys(object).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`).join(',')}}`;
}
