import type { Connection } from '../connection/connection.js';
import { isOn, type Logger } from '../runtime/logger.js';
import type { Run } from '../run/run.js';
import type { AgentSocketServer } from '../server.js';

/** Maximum length of a user agent in the log, since clients choose the text. */
const MAX_USER_AGENT_LENGTH = 200;

/**
 * Logs connections and runs: who, when, how long, how much. Message content is never logged, except that the text of a
 * cause may quote some at the level debug. Ids are given in full: the logger shortens them.
 */
export function observe({ connections, runs }: Pick<AgentSocketServer, 'connections' | 'runs'>, logger: Logger): void {
  connections.on('connect', (connection) => {
    if (!isOn(logger, 'info')) return;
    const { remoteAddress, negotiated } = connection;
    const userAgent = connection.userAgent?.slice(0, MAX_USER_AGENT_LENGTH);
    const principalId = connection.principal.id;
    logger.info(
      { connectionId: connection.id, principalId, remoteAddress, userAgent, negotiated },
      'Connection opened',
    );
  });
  connections.on('disconnect', (connection, { code }) => {
    if (!isOn(logger, 'info')) return;
    logger.info({ connectionId: connection.id, code, ...amounts(connection) }, 'Connection closed');
  });
  runs.on('start', (run) => {
    if (isOn(logger, 'info')) logger.info(nameOf(run), 'Run started');
  });
  runs.on('end', (run) => {
    logEnd(run, logger);
  });
}

function logEnd(run: Run, logger: Logger): void {
  const { failure } = run;
  if (failure === undefined) {
    if (isOn(logger, 'info')) logger.info(resultOf(run), 'Run ended');
    return;
  }
  // What the client was told; the server itself logs the rest. The text of a cause may quote the question.
  const { code, message: error, cause } = failure;
  if (isOn(logger, 'warn')) logger.warn({ ...resultOf(run), code, error }, 'Run failed');
  if (cause !== undefined && isOn(logger, 'debug')) {
    logger.debug({ ...nameOf(run), err: cause }, 'Cause of the failed run');
  }
}

function resultOf(run: Run): Readonly<Record<string, unknown>> {
  return {
    ...nameOf(run),
    model: run.model,
    state: run.state,
    ms: Math.round(performance.now() - run.startedAt),
    firstTextMs: run.firstTextAt === undefined ? undefined : Math.round(run.firstTextAt - run.startedAt),
    bytes: run.bytes,
    usage: run.usage,
  };
}

function nameOf({ id, kind, connectionId, principal, meta }: Run): Readonly<Record<string, unknown>> {
  return { runId: id, kind, connectionId, principalId: principal.id, conversationId: meta.conversationId };
}

function amounts(connection: Connection): { seconds: number; messages: number; bytes: number } {
  return {
    seconds: Math.round((Date.now() - connection.connectedAt) / 1000),
    messages: connection.messageCount,
    bytes: connection.bytesReceived,
  };
}
