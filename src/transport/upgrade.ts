import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { OptionError } from '../runtime/option-error.js';
import { readTarget } from '../protocol/request-target.js';
import { answer } from './answer.js';
import { handBack } from './hand-back.js';
import { leaveUpgrades, takeUpgrades } from './upgrade-events.js';
import { answerNoMore, answerUpgradeQuestion } from './upgrade-question.js';

/** Marks the listeners of this library on a server, with path and handler. */
const ENDPOINT = Symbol.for('agent-ws.endpoint');

/** Handles a handshake. */
export type HandleUpgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => void;

type UpgradeListener = HandleUpgrade & { [ENDPOINT]?: { readonly path: string; readonly handle: HandleUpgrade } };

/**
 * Takes the upgrade requests for one path before any `upgrade` listener sees them, and leaves all others to the other
 * listeners. If there is no other listener, handshakes get 404 instead of hanging, and other upgrades are answered as
 * ordinary requests. Returns a function that detaches the endpoint.
 * @throws OptionError if another service of this library has the path on this server.
 */
export function attachUpgrade(server: HttpServer | HttpsServer, path: string, handle: HandleUpgrade): () => void {
  if (endpointOf(server, path) !== undefined) {
    throw new OptionError('path', 'free: another service has it on this server', path);
  }
  const listener: UpgradeListener = (request, raw, head) => {
    // The first listener answers for all services.
    if (!isAmongUs(server) || ours(server)[0] !== listener) return;
    if (isHandshake(request)) answer(raw, 404);
    else handBack(server, request, raw, head);
  };
  const isNobodys = (request: IncomingMessage): boolean => isAmongUs(server) && !isHandshake(request);
  listener[ENDPOINT] = { path, handle };
  // Node emits `upgrade` only if there is a listener.
  server.on('upgrade', listener);
  answerUpgradeQuestion(server, isNobodys);
  takeUpgrades(server, (request, raw, head) => {
    const endpoint = endpointOf(server, readTarget(request.url ?? '').path);
    if (endpoint === undefined || isNobodys(request)) return false;
    endpoint.handle(request, raw, head);
    return true;
  });
  return () => {
    server.off('upgrade', listener);
    if (ours(server).length > 0) return;
    answerNoMore(server);
    leaveUpgrades(server);
  };
}

/** Whether all listeners belong to services of this library. */
function isAmongUs(server: HttpServer | HttpsServer): boolean {
  return ours(server).length === server.listenerCount('upgrade');
}

/** Whether the request asks for a WebSocket. The acceptor checks the rest. */
function isHandshake({ headers }: IncomingMessage): boolean {
  return /(^|,)\s*websocket\s*(,|$)/i.test(headers.upgrade ?? '');
}

/** The upgrade listeners of this library on a server. */
function ours(server: HttpServer | HttpsServer): UpgradeListener[] {
  return (server.listeners('upgrade') as UpgradeListener[]).filter((listener) => listener[ENDPOINT] !== undefined);
}

function endpointOf(server: HttpServer | HttpsServer, path: string): UpgradeListener[typeof ENDPOINT] {
  return ours(server).find((listener) => listener[ENDPOINT]?.path === path)?.[ENDPOINT];
}
