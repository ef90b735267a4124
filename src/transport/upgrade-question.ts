import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** The original callback; marks a callback of this library. */
const BEFORE = Symbol.for('agent-ws.shouldUpgradeBefore');

type Answer = ((this: Asking, request: IncomingMessage) => boolean) & { [BEFORE]?: Answer };

/** A server of Node 22.21, 24.9 or later, which asks whether a request goes to the `upgrade` listeners. */
type Asking = (HttpServer | HttpsServer) & { shouldUpgradeCallback?: Answer };

/**
 * Keeps requests that no `upgrade` listener takes ordinary ones, if the server asks. Called once for all services on a
 * server, until {@link answerNoMore}.
 */
export function answerUpgradeQuestion(server: Asking, isNobodys: (request: IncomingMessage) => boolean): void {
  const before = server.shouldUpgradeCallback;
  if (typeof before !== 'function' || BEFORE in before) return;
  const answer: Answer = (request) => !isNobodys(request) && before.call(server, request);
  answer[BEFORE] = before;
  server.shouldUpgradeCallback = answer;
}

/** Restores the original callback. */
export function answerNoMore(server: Asking): void {
  const before = server.shouldUpgradeCallback?.[BEFORE];
  if (before !== undefined) server.shouldUpgradeCallback = before;
}
