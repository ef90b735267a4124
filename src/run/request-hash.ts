import { hash } from 'node:crypto';
import type { RunRequest } from '../protocol/client-messages.js';

/** Tells whether two requests ask for the same: everything but who correlates the answer and how. */
export function hashRequest(request: RunRequest): string {
  const { request_id: _, run_id: __, ...content } = request;
  // The schema has put the fields in order; only what a tool is given may come in any.
  const text = content.type === 'tool_call' ? canonical(content) : JSON.stringify(content);
  return hash('sha256', text, 'base64url');
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
