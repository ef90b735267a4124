import type { Logger } from '../runtime/logger.js';
import { toJson } from './tool-json.js';

/** Bytes of JSON in one report. */
const MAX_BYTES = 65_536;

/** Reports of one call. */
const MAX_REPORTS = 256;

/** Where reports go, and until when. */
export interface ToolReportsOptions {
  readonly toolName: string;
  readonly onReport: ((data: unknown) => void) | undefined;
  /** Aborts when the run stops: nobody hears of it any more. */
  readonly run: AbortSignal;
  readonly logger: Logger;
}

/** What one call tells while it works. */
export class ToolReports {
  readonly #options: ToolReportsOptions;
  #count = 0;
  #isOver = false;

  constructor(options: ToolReportsOptions) {
    this.#options = options;
  }

  /** @throws AgentSocketError for what is no JSON, or too large: before anything is ignored, so that tools are wrong always or never. */
  readonly report = (data: unknown): void => {
    const { toolName, onReport, run, logger } = this.#options;
    const copy = toJson(`What the tool "${toolName}" reports`, data, MAX_BYTES);
    if (this.#isOver || run.aborted) return;
    if (++this.#count <= MAX_REPORTS) onReport?.(copy);
    else if (this.#count === MAX_REPORTS + 1) {
      logger.warn({ tool: toolName }, `A tool reports more than ${MAX_REPORTS} times in one call: the rest is dropped`);
    }
  };

  /** The call has its outcome: what its tool reports from now on is ignored. */
  end(): void {
    this.#isOver = true;
  }
}
