import type { AgentClientError } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import type { MessagePart } from './react-message.js';
import { AnswerParts } from './react-parts.js';
import { Store } from './react-store.js';
import type { ClientRunState, PendingApproval, RunAnswer, ToolCall } from './run-event.js';
import type { QueryOptions } from './run-options.js';

/** What {@link useAgentRun} shows. */
export interface AgentRunView {
  /** The run; `undefined` before the first one. */
  readonly run: ClientRun | undefined;
  /** The answer so far, in order: reasoning, text, and tools with their reports. */
  readonly parts: readonly MessagePart[];
  /** The text of the answer so far. */
  readonly text: string;
  /** The reasoning so far. */
  readonly reasoning: string;
  readonly state: 'idle' | ClientRunState;
  /** The complete answer of a finished run: text, result of a tool call, usage, and why the model stopped. */
  readonly answer: RunAnswer | undefined;
  /** Why there is no complete answer. */
  readonly error: AgentClientError | undefined;
  /** The tools the model has called so far. */
  readonly toolCalls: readonly ToolCall[];
  /** The decisions that the run waits for. */
  readonly approvals: readonly PendingApproval[];
}

const IDLE: AgentRunView = {
  run: undefined,
  parts: [],
  text: '',
  reasoning: '',
  state: 'idle',
  answer: undefined,
  error: undefined,
  toolCalls: [],
  approvals: [],
};

/** One run at a time, and what it shows. */
export class RunStore extends Store<AgentRunView> {
  readonly #client: AgentClient;
  #run: ClientRun | undefined;
  #parts = new AnswerParts();
  #answer: RunAnswer | undefined;

  constructor(client: AgentClient) {
    super(IDLE);
    this.#client = client;
  }

  readonly begin = (query: string, options?: QueryOptions): ClientRun => {
    void this.#run?.cancel();
    return this.attach(this.#client.stream(query, options));
  };

  readonly attach = (run: ClientRun): ClientRun => {
    if (run === this.#run) return run;
    this.#run = run;
    this.#parts = new AnswerParts();
    this.#answer = undefined;
    void this.#hearOut(run, this.#parts);
    this.changed();
    return run;
  };

  readonly cancel = (): Promise<void> => this.#run?.cancel() ?? Promise.resolve();

  readonly approve = (toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome> => {
    if (this.#run === undefined) return Promise.reject(new TypeError('There is no run that could wait for a decision'));
    return this.#run.approve(toolCallId, approved, reason);
  };

  protected override look(): AgentRunView {
    const run = this.#run;
    if (run === undefined) return IDLE;
    const { text, reasoning, state, error, toolCalls, approvals } = run;
    return { run, parts: this.#parts.all, text, reasoning, state, answer: this.#answer, error, toolCalls, approvals };
  }

  /** Follows a run from its first event until another run replaces it. */
  async #hearOut(run: ClientRun, parts: AnswerParts): Promise<void> {
    for await (const event of run) {
      if (parts !== this.#parts) return;
      parts.take(event);
      if (event.type === 'end' && event.state === 'finished') this.#answer = event.answer;
      if (event.type === 'text' || event.type === 'reasoning') this.grew();
      else this.changed();
    }
  }
}
