import type { RequestListener, Server } from 'node:http';
import { failure, send } from '../http/reply.js';
import { readTarget } from '../protocol/request-target.js';
import { createSideServer } from './http-server.js';

const PATHS = ['/healthz', '/readyz', '/metrics'];

/** A server that answers probes and metrics alone, also while the worker stops. */
export function healthServer(answer: RequestListener): Server {
  return createSideServer((request, response) => {
    if (PATHS.includes(readTarget(request.url ?? '').path)) answer(request, response);
    else send(request, response, failure(404, 'Not found'));
  });
}
