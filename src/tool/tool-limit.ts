import { setMaxListeners } from 'node:events';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Tool } from './tool.js';

/** How long a tool may take to end after its run is stopped, in milliseconds; then its outcome counts as unknown. */
const STOP_MS = 800;

/**
 * The time limit of one tool call, for validation and execution together. The time ends early if the run is stopped.
 */
export class ToolLimit {
  readonly #tool: Tool;
  readonly #run: AbortSignal;
  readonly #controller = new AbortController();
  readonly #over: Promise<never>;
  #fail: (error: AgentSocketError) => void = () => undefined;
  #timer: NodeJS.Timeout;
  #executing = false;

  /** Starts the timer. `run` aborts if the run is stopped. */
  constructor(tool: Tool, run: AbortSignal) {
    this.#tool = tool;
    this.#run = run;
    this.#over = new Promise<never>((_, reject) => (this.#fail = reject));
    // Prevents an unhandled rejection if nobody waits at the moment.
    this.#over.catch(() => undefined);
    this.#timer = setTimeout(() => this.#expire(), tool.timeoutMs);
    // One listener for each call of a step: Node 20 reports more than ten as a leak.
    setMaxListeners(0, run);
    if (run.aborted) this.#stop();
    else run.addEventListener('abort', this.#stop, { once: true });
  }

  /** Validates. Does not wait any longer if the time is over or the run is stopped. */
  async validate<T>(work: () => T | Promise<T>): Promise<T> {
    return await this.#race(work);
  }

  /** Executes, unless the time is over. `signal` aborts if the time is over or the run is stopped. */
  async execute<T>(work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    try {
      return await this.#race(() => {
        signal.throwIfAborted();
        this.#executing = true;
        return work(signal);
      });
    } catch (error) {
      if (!this.#run.aborted || AgentSocketError.isInstance(error)) throw error;
      throw new AgentSocketError('tool_failed', `The tool "${this.#tool.name}" was stopped`, { cause: error });
    }
  }

  /** Stops the timer. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#run.removeEventListener('abort', this.#stop);
  }

  /** Calls `work` within a promise, so that a thrown error becomes a rejection. */
  #race<T>(work: () => T | Promise<T>): Promise<T> {
    return Promise.race([Promise.resolve().then(work), this.#over]);
  }

  #expire(): void {
    const { name, timeoutMs } = this.#tool;
    const error = new AgentSocketError('tool_timeout', `The tool "${name}" took longer than ${timeoutMs} ms`);
    this.#fail(error);
    this.#controller.abort(error);
  }

  readonly #stop = (): void => {
    clearTimeout(this.#timer);
    this.#controller.abort(this.#run.reason);
    if (!this.#executing) {
      this.#fail(new AgentSocketError('tool_failed', 'The run was stopped before the tool started'));
      return;
    }
    this.#timer = setTimeout(() => {
      const message = `The tool "${this.#tool.name}" did not stop; whether it took effect is unknown`;
      this.#fail(new AgentSocketError('outcome_unknown', message));
    }, STOP_MS);
  };
}
