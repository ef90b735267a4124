import { AgentClientError } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import { callSafely } from './emitter.js';
import { ReplayLog } from './replay-log.js';
import type {
  ClientRunState,
  EndState,
  PendingApproval,
  QueuePlace,
  RunAnswer,
  RunEvent,
  RunEventOf,
  RunPlace,
  ToolCall,
} from './run-event.js';
import { stepsOf, type Ending, type RunMessage, type RunStep } from './run-events.js';

/** What a run needs of its client. */
export interface RunPort {
  cancel(run: Run): void;
  detach(run: Run): void;
  approve(run: Run, toolCallId: string, approved: boolean, reason: string | undefined): Promise<ApprovalOutcome>;
}

/** The state of a run, built from its messages in their order. */
export class Run implements ClientRun {
  readonly id: string;
  readonly room: string | undefined;
  readonly #port: RunPort;
  readonly #log = new ReplayLog<RunEvent>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #answer: Promise<RunAnswer>;
  #resolve!: (answer: RunAnswer) => void;
  #reject!: (error: AgentClientError) => void;
  #state: ClientRunState = 'sending';
  #isEnded = false;
  #seq: number;
  #text = '';
  #reasoning = '';
  #toolCalls: readonly ToolCall[] = [];
  #approvals: readonly PendingApproval[] = [];
  #start: Ending = {};
  #place: RunPlace | undefined;
  #error: AgentClientError | undefined;
  /** Messages up to this `seq` are a replay. `#undecided` holds the approvals among them that still wait. */
  #replayedTo = 0;
  #undecided: readonly PendingApproval[] = [];

  constructor(id: string, port: RunPort, seq = 0, room?: string) {
    this.id = id;
    this.room = room;
    this.#port = port;
    this.#seq = seq;
    this.#answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Prevents an unhandled rejection if the answer is not awaited.
    this.#answer.catch(() => undefined);
  }

  get state(): ClientRunState {
    return this.#state;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get text(): string {
    return this.#text;
  }

  get reasoning(): string {
    return this.#reasoning;
  }

  get toolCalls(): readonly ToolCall[] {
    return this.#toolCalls;
  }

  get approvals(): readonly PendingApproval[] {
    return this.#approvals;
  }

  get place(): RunPlace | undefined {
    return this.#place;
  }

  get error(): AgentClientError | undefined {
    return this.#error;
  }

  get seq(): number {
    return this.#seq;
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent, void, undefined> {
    return this.#log[Symbol.asyncIterator]();
  }

  then<A = RunAnswer, B = never>(
    onAnswer?: ((answer: RunAnswer) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#answer.then(onAnswer, onError);
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    const added = (event: RunEvent): void => listener(event);
    this.#listeners.add(added);
    return () => void this.#listeners.delete(added);
  }

  cancel(): Promise<void> {
    if (!this.#isEnded) this.#port.cancel(this);
    const ended = (): void => undefined;
    return this.#answer.then(ended, ended);
  }

  detach(): void {
    if (this.#isEnded) return;
    this.#port.detach(this);
    const message = 'This client stopped reading the run';
    this.end('detached', new AgentClientError('detached', message, { runId: this.id }));
  }

  approve(toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome> {
    return this.#port.approve(this, toolCallId, approved, reason);
  }

  /** Takes the next message of the log. */
  apply(message: RunMessage): void {
    this.#seq = message.seq;
    for (const step of stepsOf(message)) this.#take(step);
  }

  /** Sets the state that the server reports. A final state is ignored until the final message arrives. */
  moveTo(state: ClientRunState, at?: QueuePlace): void {
    const isLive = state === 'accepted' || state === 'queued' || state === 'running' || state === 'waiting_approval';
    if (!isLive || this.#isEnded || (state === this.#state && at === undefined)) return;
    this.#state = state;
    this.#tell({ type: 'state', state, ...at });
  }

  /** Begins a replay up to `head`, in which the approvals in `undecided` still wait. */
  replaying(head: number, undecided: readonly PendingApproval[]): void {
    this.#replayedTo = head;
    this.#undecided = undecided;
    this.#approvals = this.#approvals.map((held) => this.#asUndecided(held.toolCallId) ?? held);
  }

  /** Forgets everything: the server sends the run from its start. */
  reset(): void {
    this.#seq = 0;
    this.#text = this.#reasoning = '';
    this.#toolCalls = [];
    this.#approvals = [];
    this.#start = {};
    const event: RunEvent = { type: 'reset' };
    this.#log.restart(event);
    this.#call(event);
  }

  /** Ends the run for this client without an answer. */
  end(state: Exclude<EndState, 'finished'>, error: AgentClientError): void {
    this.#take({ type: 'end', state, error, isFinal: false });
  }

  #take(step: RunStep): void {
    if (this.#isEnded) return;
    switch (step.type) {
      case 'state':
        this.moveTo(step.state);
        return;
      case 'start':
        this.#start = { vendor: step.vendor, model: step.model, conversationId: step.conversationId };
        break;
      case 'placed':
        this.#place = { questionId: step.questionId, answerId: step.answerId };
        break;
      case 'text':
        this.#text += step.text;
        break;
      case 'reasoning':
        this.#reasoning += step.text;
        break;
      case 'tool-call': {
        const { toolCallId, toolName, params } = step;
        this.#toolCalls = [...this.#toolCalls, { toolCallId, toolName, params, isDone: false }];
        break;
      }
      case 'tool-result':
        this.#answered(step);
        break;
      case 'approval-request':
        this.#asked(step);
        return;
      case 'approval-resolved':
        this.#approvals = this.#approvals.filter(({ toolCallId }) => toolCallId !== step.toolCallId);
        if (this.#state === 'waiting_approval' && this.#approvals.length === 0) this.moveTo('running');
        break;
      case 'finished':
        this.#finish(step.ending);
        return;
      case 'end':
        this.#error = step.error;
        this.#leave(step.state, step);
        this.#reject(step.error);
        return;
    }
    this.#tell(step);
  }

  #answered({ toolCallId, result, error }: RunEventOf<'tool-result'>): void {
    this.#toolCalls = this.#toolCalls.map((call) =>
      call.toolCallId === toolCallId ? { ...call, result, error, isDone: true } : call,
    );
  }

  #asked(event: RunEventOf<'approval-request'>): void {
    const undecided = this.#seq > this.#replayedTo ? event : this.#asUndecided(event.toolCallId);
    if (undecided === undefined) {
      this.#tell({ ...event, isPending: false, expiresInMs: 0 });
      return;
    }
    const { toolCallId, toolName, params, expiresInMs } = undecided;
    this.#approvals = [...this.#approvals, { toolCallId, toolName, params, expiresInMs }];
    this.moveTo('waiting_approval');
    this.#tell({ ...event, expiresInMs });
  }

  #asUndecided(id: string): PendingApproval | undefined {
    return this.#undecided.find(({ toolCallId }) => toolCallId === id);
  }

  #finish(ending: Ending): void {
    const { id: runId, text, reasoning, toolCalls } = this;
    const answer: RunAnswer = { runId, text, reasoning, toolCalls, ...this.#start, ...ending };
    this.#leave('finished', { type: 'end', state: 'finished', answer });
    this.#resolve(answer);
  }

  #leave(state: EndState, event: RunEvent): void {
    this.#state = state;
    this.#isEnded = true;
    this.#approvals = [];
    this.#tell(event);
    this.#log.complete();
    this.#listeners.clear();
  }

  #tell(event: RunEvent): void {
    this.#log.push(event);
    this.#call(event);
  }

  #call(event: RunEvent): void {
    for (const listener of [...this.#listeners]) callSafely(listener, event);
  }
}
