import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The answer of a route. */
export interface Reply {
  readonly status: number;
  /** `Content-Type`; text types include the charset. */
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Whether a client may store the answer and revalidate it by its ETag. Otherwise the client must not store it. */
  readonly cacheable?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Pages load from their own server only, run no inline script and cannot be framed. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** A reply that is JSON. */
export function json(status: number, value: unknown, more: Pick<Reply, 'cacheable' | 'headers'> = {}): Reply {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value), ...more };
}

/** A refusal. `error` is a sentence for people and is sent as it is. */
export function failure(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return json(status, { error }, { headers });
}

/** Sends a reply in one piece: without the body for HEAD, as 304 if the client has it already. */
export function send(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const body = bytesOf(reply);
  const headers: Record<string, string | number> = { ...SECURITY_HEADERS, ...reply.headers };
  if (reply.type.startsWith('text/html')) headers['Content-Security-Policy'] = PAGE_POLICY;
  headers['Cache-Control'] = reply.cacheable === true ? 'no-cache' : 'no-store';
  if (reply.cacheable === true) {
    const etag = etagOf(reply, body);
    headers['ETag'] = etag;
    if (holds(req.headers['if-none-match'], etag)) {
      res.writeHead(304, headers).end();
      return;
    }
  }
  headers['Content-Type'] = reply.type;
  headers['Content-Length'] = body.byteLength;
  res.writeHead(reply.status, headers);
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}

/** The bodies of cacheable replies that are text: one for all clients that read slowly. */
const bodies = new WeakMap<Reply, Buffer>();

function bytesOf(reply: Reply): Uint8Array {
  if (typeof reply.body !== 'string') return reply.body;
  const body = bodies.get(reply) ?? Buffer.from(reply.body);
  if (reply.cacheable === true) bodies.set(reply, body);
  return body;
}

const etags = new WeakMap<Reply, string>();

/** Routes keep their cacheable replies, so that each body is hashed once. */
function etagOf(reply: Reply, body: Uint8Array): string {
  let etag = etags.get(reply);
  if (etag === undefined) {
    etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    etags.set(reply, etag);
  }
  return etag;
}

/** Whether `If-None-Match` names the tag (RFC 9110, section 13.1.2: a list, compared weakly). */
function holds(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
