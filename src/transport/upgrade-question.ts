import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** What was there before; marks an answer as ours. */
const BEFORE = Symbol.for('agent-ws.shouldUpgradeBefore');

type Answer = ((this: Asking, request: IncomingMessage) => boolean) & { [BEFORE]?: Answer };

/** A server of Node 22.21, 24.9 or later: it asks whether a request is one for `upgrade` listeners before it gives it to them. */
type Asking = (HttpServer | HttpsServer) & { shouldUpgradeCallback?: Answer };

/**
 * Answers for requests that none of the `upgrade` listeners takes, where the server asks: they stay ordinary ones. Once
 * for all services on a server, until {@link answerNoMore}.
 */
export function answerUpgradeQuestion(server: Asking, isNobodys: (request: IncomingMessage) => boolean): void {
  const before = server.shouldUpgradeCallback;
  if (typeof before !== 'function' || BEFORE in before) return;
  const answer: Answer = (request) => !isNobodys(request) && before.call(server, request);
  answer[BEFORE] = before;
  server.shouldUpgradeCallback = answer;
}

/** Leaves the answer to whom it was before. */
export function answerNoMore(server: Asking): void {
  const before = server.shouldUpgradeCallback?.[BEFORE];
  if (before !== undefined) server.shouldUpgradeCallback = before;
}
