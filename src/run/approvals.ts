import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { RunMessage } from '../log/run-message.js';

/** A tool call that a person decides about. */
export interface ApprovalCall {
  readonly toolCallId: string;
  readonly toolName: string;
  /** The params that are shown to the person and passed to the tool. */
  readonly params: unknown;
}

/** A decision about a tool call. */
export interface Decision {
  readonly approved: boolean;
  /** Who decided: a client, the time limit, or the end of the run. */
  readonly by: ServerMessageOf<'approval_resolved'>['by'];
  readonly reason?: string | undefined;
}

/** An approval request as it is stored for a restart. */
export interface ApprovalRecord extends ApprovalCall {
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly decision?: Decision | undefined;
}

/** The run that asks for approvals. */
interface Asker {
  message(message: RunMessage): void;
  enter(state: 'running' | 'waiting_approval'): void;
}

/** An approval request without a decision. */
interface Pending {
  readonly promise: Promise<Decision>;
  readonly resolve: (decision: Decision) => void;
  /** When the request expires, on the monotonic clock in milliseconds: the wall clock may be changed. */
  readonly expiresAt: number;
  readonly timer: NodeJS.Timeout;
}

/** The approvals of the tool calls of one run. Each call is asked for once, and the first decision counts. */
export class Approvals {
  readonly #run: Asker;
  #records: Map<string, ApprovalRecord> | undefined;
  #pending: Map<string, Pending> | undefined;
  #cancelled = false;
  /** How far the wall clock is ahead of that of the node that made the records to {@link restore}, in milliseconds. */
  skewMs = 0;

  constructor(run: Asker) {
    this.#run = run;
  }

  /** The approval requests as they are stored for a restart. */
  get records(): ApprovalRecord[] {
    return [...(this.#records?.values() ?? [])];
  }

  /** The approval requests without a decision. */
  get open(): { readonly call: ApprovalCall; readonly expiresInMs: number }[] {
    return this.records.flatMap((call) => {
      const pending = this.#pending?.get(call.toolCallId);
      if (pending === undefined) return [];
      return [{ call, expiresInMs: Math.max(0, Math.round(pending.expiresAt - performance.now())) }];
    });
  }

  /** Whether approval was asked for this call. */
  has(toolCallId: string): boolean {
    return this.#records?.has(toolCallId) ?? false;
  }

  /** The params of the call, as the person sees them. */
  paramsOf(toolCallId: string): unknown {
    return this.#records?.get(toolCallId)?.params;
  }

  /** Continues after a restart: open requests wait for the rest of their time. */
  restore(records: readonly ApprovalRecord[]): void {
    for (const stored of records) {
      const record = { ...stored, expiresAt: stored.expiresAt + this.skewMs };
      this.#write(record);
      if (record.decision === undefined) this.#wait(record, record.expiresAt - Date.now());
    }
  }

  /** Asks for approval, or waits for the decision about a request from before a restart. */
  async ask(call: ApprovalCall, timeoutMs: number): Promise<Decision> {
    if (this.#cancelled) return { approved: false, by: 'cancel' };
    const known = this.#records?.get(call.toolCallId)?.decision;
    if (known !== undefined) return known;
    const waiting = this.#pending?.get(call.toolCallId);
    if (waiting !== undefined) return waiting.promise;
    const record = { ...call, expiresAt: Date.now() + timeoutMs };
    this.#write(record);
    const { promise } = this.#wait(record, timeoutMs);
    const { toolCallId, toolName, params } = call;
    this.#run.message({
      type: 'approval_request',
      tool_call_id: toolCallId,
      tool_name: toolName,
      params,
      expires_in_ms: timeoutMs,
    });
    this.#run.enter('waiting_approval');
    return promise;
  }

  /** Decides unless there is a decision. Returns the decision that counts; `undefined` if no approval was asked for. */
  decide(toolCallId: string, decision: Decision): Decision | undefined {
    const record = this.#records?.get(toolCallId);
    const pending = this.#pending?.get(toolCallId);
    if (record === undefined || pending === undefined) return record?.decision;
    clearTimeout(pending.timer);
    this.#pending?.delete(toolCallId);
    this.#write({ ...record, decision });
    const { approved, by, reason } = decision;
    this.#run.message({ type: 'approval_resolved', tool_call_id: toolCallId, approved, by, reason });
    this.#run.enter(this.#isWaiting ? 'waiting_approval' : 'running');
    pending.resolve(decision);
    return decision;
  }

  /** Refuses all open requests, since the run ends. */
  cancel(): void {
    this.#cancelled = true;
    for (const toolCallId of [...(this.#pending?.keys() ?? [])])
      this.decide(toolCallId, { approved: false, by: 'cancel' });
  }

  /** Stops the timers and leaves open requests open. */
  suspend(): void {
    for (const { timer } of this.#pending?.values() ?? []) clearTimeout(timer);
  }

  get #isWaiting(): boolean {
    return this.#pending !== undefined && this.#pending.size > 0;
  }

  #write(record: ApprovalRecord): void {
    (this.#records ??= new Map<string, ApprovalRecord>()).set(record.toolCallId, record);
  }

  #wait({ toolCallId }: ApprovalCall, ms: number): Pending {
    let resolve: Pending['resolve'] = () => undefined;
    const promise = new Promise<Decision>((settle) => (resolve = settle));
    const timer = setTimeout(() => this.decide(toolCallId, { approved: false, by: 'expiry' }), Math.max(0, ms));
    const pending = { promise, resolve, timer, expiresAt: performance.now() + ms };
    (this.#pending ??= new Map<string, Pending>()).set(toolCallId, pending);
    return pending;
  }
}
