import { shortId } from '../runtime/log-ids.js';
import type { AuditEvent } from '../telemetry/audit.js';
import { CliError, systemReason } from './cli-error.js';
import { LogFile } from './log-file.js';
import { inVisibleText } from './harmless.js';
import type { Log } from './logging.js';
import type { ResolvedSettings } from './settings.js';

/** Maximum length of one field: clients choose names of tools, and hooks choose ids of principals. */
const MAX_FIELD_LENGTH = 256;

/** The file of the audit. */
export interface AuditFile {
  readonly write: (event: AuditEvent) => void;
  /** The log of the process, whose `flush` and `reopen` are for both files. */
  readonly log: Log;
}

/**
 * Opens the file of the audit; `undefined` if the operator wants none.
 * @throws CliError if the file cannot be written
 */
export function openAudit({ settings, keyOf }: ResolvedSettings, log: Log): AuditFile | undefined {
  const { auditFile: path, logIds } = settings;
  if (path === undefined) return undefined;
  const { logger } = log;
  let file: LogFile;
  try {
    file = new LogFile(path, {
      onFailed: (error) => logger.error({ err: error }, 'The audit file cannot be written'),
      onRecovered: (dropped) => logger.warn({ dropped }, 'The audit file can be written again; lines were dropped'),
    });
  } catch (error) {
    throw new CliError(`${keyOf('auditFile')}: "${path}" cannot be written: ${systemReason(error)}`, { cause: error });
  }
  return {
    write: (event) => file.write(lineOf(logIds === 'full' ? event : withShortIds(event))),
    log: {
      logger,
      flush: () => {
        file.flush();
        log.flush();
      },
      reopen: () => {
        log.reopen();
        try {
          file.reopen();
        } catch (error) {
          logger.error({ err: error }, 'The audit file cannot be opened anew');
        }
      },
    },
  };
}

/** One event as a line of JSON. */
export function lineOf({ time, ...fields }: AuditEvent): string {
  const cut = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, MAX_FIELD_LENGTH) : undefined,
  ]);
  const event = { time: new Date(time).toISOString(), ...(Object.fromEntries(cut) as object) };
  return `${inVisibleText(JSON.stringify(event))}\n`;
}

function withShortIds(event: AuditEvent): AuditEvent {
  const { runId, conversationId, toolCallId } = event;
  return {
    ...event,
    runId: runId && shortId(runId),
    conversationId: conversationId && shortId(conversationId),
    // A call that a client makes directly has the id of its run.
    toolCallId: toolCallId === runId ? undefined : toolCallId,
  };
}
