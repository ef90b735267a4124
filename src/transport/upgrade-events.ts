import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';

/** What was there before; marks an `emit` as ours. */
const BEFORE = Symbol.for('agent-ws.emitBefore');

/** Marks a raw socket whose handshake we answer, with where to report another answer to it. */
const CLAIM = Symbol.for('agent-ws.claim');

type Upgrade = [request: IncomingMessage, raw: Duplex, head: Buffer];

type Emit = ((this: unknown, event: string | symbol, ...values: unknown[]) => boolean) & { [BEFORE]?: Emit };

/** Called with the error of another library that answered the same handshake. */
export type ReportSecondAnswer = (error: unknown) => void;

/**
 * Shows every `upgrade` event of a server to `take` first; listeners see only those for which it returns `false`.
 * An `EventEmitter` lets no listener keep an event from the others, and a WebSocket server that answers every path would
 * answer ours as well, which ends the process. Once for all services on a server, until {@link leaveUpgrades}.
 */
export function takeUpgrades(server: HttpServer | HttpsServer, take: (...upgrade: Upgrade) => boolean): void {
  const before = emitOf(server);
  if (BEFORE in before) return;
  const emit: Emit = function (event, ...values) {
    if (event !== 'upgrade') return before.call(this, event, ...values);
    const upgrade = values as Upgrade;
    if (take(...upgrade)) return true;
    try {
      return before.call(this, event, ...values);
    } catch (error) {
      // A listener may have given us the handshake, and another one then tried to answer it.
      const report = claimOf(upgrade[1]);
      if (report === undefined) throw error;
      report(error);
      return true;
    }
  };
  emit[BEFORE] = before;
  server.emit = emit;
}

/** Leaves the server as it was; where somebody else has wrapped `emit` meanwhile, ours stays inside and takes nothing. */
export function leaveUpgrades(server: HttpServer | HttpsServer): void {
  const before = emitOf(server)[BEFORE];
  if (before === undefined) return;
  Reflect.deleteProperty(server, 'emit');
  if (emitOf(server) !== before) server.emit = before;
}

/** What is called for `server.emit`: its own, or that of its class. */
function emitOf(server: HttpServer | HttpsServer): Emit {
  return Reflect.get(server, 'emit') as Emit;
}

/** Notes that we answer the handshake on this socket. */
export function claim(raw: Duplex, report: ReportSecondAnswer): void {
  Object.assign(raw, { [CLAIM]: report });
}

function claimOf(raw: Duplex & { [CLAIM]?: ReportSecondAnswer }): ReportSecondAnswer | undefined {
  return raw[CLAIM];
}
