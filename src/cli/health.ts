import { createServer, type RequestListener, type Server } from 'node:http';
import { failure, send } from '../http/reply.js';
import { readTarget } from '../protocol/request-target.js';

/** Maximum number of sockets: a few probes and scrapers. */
const MAX_SOCKETS = 64;

const PATHS = ['/healthz', '/readyz', '/metrics'];

/** A server that answers probes and metrics alone, also while the worker stops. */
export function healthServer(answer: RequestListener): Server {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 });
  server.maxConnections = MAX_SOCKETS;
  server.on('request', (request, response) => {
    if (PATHS.includes(readTarget(request.url ?? '').path)) answer(request, response);
    else send(request, response, failure(404, 'Not found'));
  });
  return server;
}
