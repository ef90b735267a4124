import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Principal } from '../connection/principal.js';
import { OptionError } from '../errors/option-error.js';
import { answer } from './answer.js';
import { handBack } from './hand-back.js';
import { Handshakes, type HandshakeOptions } from './handshakes.js';
import { answerNoMore, answerUpgradeQuestion } from './upgrade-question.js';

/** Marks the listeners of this library on a server, with their path. */
const PATH = Symbol.for('agent-ws.upgradePath');

type UpgradeListener = ((request: IncomingMessage, raw: Duplex, head: Buffer) => void) & { [PATH]?: string };

/** What {@link attachUpgrade} takes. */
export interface UpgradeOptions<P extends Principal, Metadata> extends HandshakeOptions<P, Metadata> {
  readonly path: string;
}

/**
 * Takes the WebSocket handshakes for one path and leaves all other upgrade requests to whoever else listens. Where
 * nobody else does, handshakes get 404 rather than hang, and what is no handshake is answered as if this were not here.
 * Returns the function that detaches it; handshakes that still wait are then refused.
 * @throws OptionError where another service of this library has the path on this server.
 */
export function attachUpgrade<P extends Principal, Metadata>(
  server: HttpServer | HttpsServer,
  options: UpgradeOptions<P, Metadata>,
): () => void {
  const taken = ours(server).some((listener) => listener[PATH] === options.path);
  if (taken) throw new OptionError('path', 'free: another service has it on this server', options.path);
  const handshakes = new Handshakes(options);
  const listener: UpgradeListener = (request, raw, head) => {
    const path = pathOf(request);
    const services = ours(server);
    // The first answers for all of us.
    const speaks = isAmongUs(server) && services[0] === listener;
    if (isNobodys(request)) {
      if (speaks) handBack(server, request, raw, head);
    } else if (path === options.path) handshakes.start(request, raw, head);
    else if (speaks && !services.some((other) => other[PATH] === path)) answer(raw, 404);
  };
  const isNobodys = (request: IncomingMessage): boolean => isAmongUs(server) && !isHandshake(request);
  listener[PATH] = options.path;
  server.on('upgrade', listener);
  answerUpgradeQuestion(server, isNobodys);
  return () => {
    server.off('upgrade', listener);
    if (ours(server).length === 0) answerNoMore(server);
    handshakes.stop();
  };
}

/** Whether nobody but services of this library listens. */
function isAmongUs(server: HttpServer | HttpsServer): boolean {
  return ours(server).length === server.listenerCount('upgrade');
}

function pathOf(request: IncomingMessage): string {
  return /^[^?#]*/.exec(request.url ?? '')?.[0] ?? '';
}

/** Whether it asks for a WebSocket: what else is wrong with it is said by the acceptor. */
function isHandshake({ headers }: IncomingMessage): boolean {
  return /(^|,)\s*websocket\s*(,|$)/i.test(headers.upgrade ?? '');
}

/** The upgrade listeners of this library on a server. */
function ours(server: HttpServer | HttpsServer): UpgradeListener[] {
  return (server.listeners('upgrade') as UpgradeListener[]).filter((listener) => listener[PATH] !== undefined);
}
