import type { AgentClientError } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import { Store } from './react-store.js';
import type { ClientRunState, PendingApproval, ToolCall } from './run-event.js';
import type { QueryOptions } from './run-options.js';

/** What a run shows. */
export interface AgentRunView {
  /** The run; `undefined` before the first one. */
  readonly run: ClientRun | undefined;
  /** The answer so far. */
  readonly text: string;
  /** What the model thought aloud so far. */
  readonly reasoning: string;
  readonly state: 'idle' | ClientRunState;
  /** Why there is no whole answer. */
  readonly error: AgentClientError | undefined;
  /** The tools the model called so far. */
  readonly toolCalls: readonly ToolCall[];
  /** The decisions the run waits for. */
  readonly approvals: readonly PendingApproval[];
}

const IDLE: AgentRunView = {
  run: undefined,
  text: '',
  reasoning: '',
  state: 'idle',
  error: undefined,
  toolCalls: [],
  approvals: [],
};

/** One run at a time, and what it shows. */
export class RunStore extends Store<AgentRunView> {
  readonly #client: AgentClient;
  #run: ClientRun | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(client: AgentClient) {
    super(IDLE);
    this.#client = client;
  }

  readonly begin = (query: string, options?: QueryOptions): ClientRun => {
    void this.#run?.cancel();
    return this.attach(this.#client.stream(query, options));
  };

  readonly attach = (run: ClientRun): ClientRun => {
    this.#unsubscribe();
    this.#run = run;
    this.#unsubscribe = run.subscribe(({ type }) => {
      if (type === 'text' || type === 'reasoning') this.grew();
      else this.changed();
    });
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
    return { run, text, reasoning, state, error, toolCalls, approvals };
  }
}
