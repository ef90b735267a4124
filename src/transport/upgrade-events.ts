import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';

/** The original `emit`; marks an `emit` of this library. */
const BEFORE = Symbol.for('agent-ws.emitBefore');

/** Marks a raw socket whose handshake this library answers. The value reports a second answer. */
const CLAIM = Symbol.for('agent-ws.claim');

type Upgrade = [request: IncomingMessage, raw: Duplex, head: Buffer];

type Emit = ((this: unknown, event: string | symbol, ...values: unknown[]) => boolean) & { [BEFORE]?: Emit };

/** Called with the error of another library that answered the same handshake. */
export type ReportSecondAnswer = (error: unknown) => void;

/**
 * Passes every `upgrade` event of a server to `take` first; listeners get only those for which `take` returns `false`.
 * An `EventEmitter` cannot hide an event from other listeners, and a WebSocket server that answers every path would
 * answer ours as well, which ends the process. Called once for all services on a server, until {@link leaveUpgrades}.
 */
export function takeUpgrades(server: HttpServer | HttpsServer, take: (...upgrade: Upgrade) => boolean): void {
  const before = emitOf(server);
  if (BEFORE in before) return;
  const emit: Emit = function (event, ...values) {
    if (event === 'request') noteAnswer(...(values as [IncomingMessage, ServerResponse]));
    if (event !== 'upgrade') return before.call(this, event, ...values);
    const upgrade = values as Upgrade;
    if (take(...upgrade)) return true;
    try {
      return before.call(this, event, ...values);
    } catch (error) {
      // A listener may have passed the handshake to us before another listener tried to answer it.
      const report = claimOf(upgrade[1]);
      if (report === undefined) throw error;
      report(error);
      return true;
    }
  };
  emit[BEFORE] = before;
  server.emit = emit;
}

/** The newest answer on each socket. */
const answers = new WeakMap<Duplex, ServerResponse>();

function noteAnswer(request: IncomingMessage, response: ServerResponse): void {
  // In HTTP/2 a socket belongs to many requests at once, and none of them is an upgrade.
  if (request.httpVersionMajor === 1) answers.set(request.socket, response);
}

/** The newest answer on a socket, if it is not sent completely. It is the last one to be sent. */
export function answerUnderWay(raw: Duplex): ServerResponse | undefined {
  const newest = answers.get(raw);
  return newest?.closed === false ? newest : undefined;
}

/** Restores the server. If somebody else has wrapped `emit` meanwhile, our `emit` stays inside and takes nothing. */
export function leaveUpgrades(server: HttpServer | HttpsServer): void {
  const before = emitOf(server)[BEFORE];
  if (before === undefined) return;
  Reflect.deleteProperty(server, 'emit');
  if (emitOf(server) !== before) server.emit = before;
}

/** The function called for `server.emit`: the server's own, or that of its class. */
function emitOf(server: HttpServer | HttpsServer): Emit {
  return Reflect.get(server, 'emit') as Emit;
}

/** Marks the handshake on this socket as ours. */
export function claim(raw: Duplex, report: ReportSecondAnswer): void {
  Object.assign(raw, { [CLAIM]: report });
}

/** Whether the handshake on this socket, complete or not, is ours. */
export function isClaimed(raw: Duplex): boolean {
  return claimOf(raw) !== undefined;
}

function claimOf(raw: Duplex & { [CLAIM]?: ReportSecondAnswer }): ReportSecondAnswer | undefined {
  return raw[CLAIM];
}
