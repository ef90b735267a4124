import type { Logger } from '../runtime/logger.js';
import { toJson } from './tool-json.js';

/** Maximum bytes of JSON in one report. */
const MAX_BYTES = 65_536;

/** Maximum number of reports of one call. */
const MAX_REPORTS = 256;

/** What {@link ToolReports} needs. */
export interface ToolReportsOptions {
  readonly toolName: string;
  readonly onReport: ((data: unknown) => void) | undefined;
  /** Aborts when the run stops: later reports are ignored. */
  readonly run: AbortSignal;
  readonly logger: Logger;
}

/** The reports of one call while it works. */
export class ToolReports {
  readonly #options: ToolReportsOptions;
  #count = 0;
  #isOver = false;

  constructor(options: ToolReportsOptions) {
    this.#options = options;
  }

  /**
   * @throws AgentSocketError if the data is not JSON or too large. It is checked even if the report is then ignored, so
   * that a wrong tool always fails.
   */
  readonly report = (data: unknown): void => {
    const { toolName, onReport, run, logger } = this.#options;
    const copy = toJson(`What the tool "${toolName}" reports`, data, MAX_BYTES);
    if (this.#isOver || run.aborted) return;
    if (++this.#count <= MAX_REPORTS) onReport?.(copy);
    else if (this.#count === MAX_REPORTS + 1) {
      logger.warn({ tool: toolName }, `A tool reports more than ${MAX_REPORTS} times in one call: the rest is dropped`);
    }
  };

  /** Ignores all later reports, since the call has its outcome. */
  end(): void {
    this.#isOver = true;
  }
}
