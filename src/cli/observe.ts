import type { Connection } from '../connection/connection.js';
import type { Logger } from '../logging/logger.js';
import type { Run } from '../run/run.js';
import type { AgentSocketServer } from '../server.js';

/**
 * Logs connections and runs: who, when, how long, how much, never what was said. Without authentication the id of a
 * run is all it takes to cancel it, so only its beginning is logged.
 */
export function observe({ connections, runs }: Pick<AgentSocketServer, 'connections' | 'runs'>, logger: Logger): void {
  connections.on('connect', (connection) => {
    const { remoteAddress, userAgent, negotiated } = connection;
    logger.info({ connectionId: connection.id, remoteAddress, userAgent, negotiated }, 'Connection opened');
  });
  connections.on('disconnect', (connection, { code }) => {
    logger.info({ connectionId: connection.id, code, ...amounts(connection) }, 'Connection closed');
  });
  runs.on('start', (run) => {
    logger.info({ ...nameOf(run) }, 'Run started');
  });
  runs.on('end', (run) => {
    const fields = {
      ...nameOf(run),
      state: run.state,
      ms: Math.round(performance.now() - run.startedAt),
      bytes: run.bytes,
      usage: run.usage(),
    };
    if (run.state === 'failed') logger.warn(fields, 'Run failed');
    else logger.info(fields, 'Run ended');
  });
}

function nameOf(run: Run): { runId: string; kind: string } {
  return { runId: run.id.slice(0, 8), kind: run.kind };
}

function amounts(connection: Connection): { seconds: number; messages: number; bytes: number } {
  return {
    seconds: Math.round((Date.now() - connection.connectedAt) / 1000),
    messages: connection.messageCount,
    bytes: connection.bytesReceived,
  };
}
