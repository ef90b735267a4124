import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { OptionError } from '../runtime/option-error.js';
import { readTarget } from '../protocol/request-target.js';
import { answer } from './answer.js';
import { handBack } from './hand-back.js';
import { leaveUpgrades, takeUpgrades } from './upgrade-events.js';
import { answerNoMore, answerUpgradeQuestion } from './upgrade-question.js';

/** Marks the listeners of this library on a server, with what they take. */
const ENDPOINT = Symbol.for('agent-ws.endpoint');

/** Takes a handshake. */
export type HandleUpgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => void;

type UpgradeListener = HandleUpgrade & { [ENDPOINT]?: { readonly path: string; readonly handle: HandleUpgrade } };

/**
 * Takes the upgrade requests for one path, before any `upgrade` listener sees them, and leaves all others to whoever
 * listens. Where nobody else does, handshakes get 404 rather than hang, and what is no handshake is answered as if this
 * were not here. Returns the function that detaches it.
 * @throws OptionError where another service of this library has the path on this server.
 */
export function attachUpgrade(server: HttpServer | HttpsServer, path: string, handle: HandleUpgrade): () => void {
  if (endpointOf(server, path) !== undefined) {
    throw new OptionError('path', 'free: another service has it on this server', path);
  }
  const listener: UpgradeListener = (request, raw, head) => {
    // The first answers for all of us.
    if (!isAmongUs(server) || ours(server)[0] !== listener) return;
    if (isHandshake(request)) answer(raw, 404);
    else handBack(server, request, raw, head);
  };
  const isNobodys = (request: IncomingMessage): boolean => isAmongUs(server) && !isHandshake(request);
  listener[ENDPOINT] = { path, handle };
  // Node gives requests to `upgrade` listeners only where there is one.
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

/** Whether nobody but services of this library listens. */
function isAmongUs(server: HttpServer | HttpsServer): boolean {
  return ours(server).length === server.listenerCount('upgrade');
}

/** Whether it asks for a WebSocket: what else is wrong with it is said by the acceptor. */
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
