import type { Usage } from '../protocol/server-messages.js';
import { Answer, type AnswerKind, type Failure } from './answer.js';
import type { Message } from './frames.js';
import { Signal } from './signal.js';

const KINDS: ReadonlySet<string> = new Set<AnswerKind>(['streaming_query', 'agent_query', 'tool_call']);

/** Which kind of run a message can belong to, where it does not name its run. */
const KIND_OF: Readonly<Record<string, AnswerKind>> = {
  stream_start: 'streaming_query',
  stream_chunk: 'streaming_query',
  stream_end: 'streaming_query',
  status: 'agent_query',
  agent_response: 'agent_query',
  tool_result: 'tool_call',
};

/** Refusals of a frame that never became a question. */
const NOT_ABOUT_RUNS: ReadonlySet<string> = new Set(['invalid_json', 'unknown_type', 'too_deep']);

const MAX_ANSWERS = 100;

/** A run-less error or reply worth showing. */
export interface Notice {
  readonly failure: Failure;
}

/** All answers of this session, and which message belongs to which. */
export class Runs {
  readonly asked = new Signal<Answer>();
  readonly ended = new Signal<Answer>();
  /** An old answer went, to keep the page small. */
  readonly dropped = new Signal<Answer>();
  readonly refused = new Signal<Notice>();
  /** How many are live changed. */
  readonly counted = new Signal();
  readonly counts = { finished: 0, cancelled: 0, failed: 0, lost: 0 };
  readonly #answers: Answer[] = [];

  get all(): readonly Answer[] {
    return this.#answers;
  }

  get live(): readonly Answer[] {
    return this.#answers.filter((answer) => answer.isLive);
  }

  /** Takes note of what was sent. */
  sent(message: Message): void {
    const type = message['type'];
    if (type === 'cancel') {
      const runId = message['run_id'];
      for (const answer of this.live) {
        if (runId !== undefined && answer.runId !== runId) continue;
        answer.cancelling = true;
        answer.changed.emit();
      }
    }
    if (typeof type !== 'string' || !KINDS.has(type)) return;
    const runId = string(message, 'run_id');
    // A repeat of an id asks for the run that exists; `resumed` then starts its answer over.
    if (runId !== undefined && this.#byRunId(runId) !== undefined) return;
    const answer = new Answer(type as AnswerKind, message, runId, string(message, 'request_id'));
    this.#answers.push(answer);
    this.asked.emit(answer);
    this.counted.emit();
    this.#dropOldest();
  }

  /** Takes in what the server said. */
  received(message: Message): void {
    const type = string(message, 'type') ?? '';
    if (type === 'cancelled') {
      this.#cancelled(message);
      return;
    }
    const answer = this.#find(type, message);
    if (answer === undefined) {
      if (type === 'error') this.refused.emit({ failure: failureOf(message) });
      return;
    }
    answer.runId ??= string(message, 'run_id');
    if (type === 'resumed') {
      answer.restart();
      this.counted.emit();
      return;
    }
    if (this.#isKnown(answer, message)) return;
    this.#apply(answer, type, message);
  }

  /** The connection is gone, and what was in progress with it. */
  lose(): void {
    for (const answer of this.live) this.#end(answer, 'lost');
  }

  clear(): void {
    for (const answer of this.#answers.filter((each) => !each.isLive)) this.#drop(answer);
  }

  #apply(answer: Answer, type: string, message: Message): void {
    answer.vendor = string(message, 'vendor') ?? answer.vendor;
    answer.model = string(message, 'model') ?? answer.model;
    answer.finishReason = string(message, 'finish_reason') ?? answer.finishReason;
    answer.usage = (message['usage'] as Usage | undefined) ?? answer.usage;
    switch (type) {
      case 'accepted':
        answer.state = 'accepted';
        answer.changed.emit();
        break;
      case 'status':
      case 'stream_start':
        answer.state = 'running';
        answer.changed.emit();
        break;
      case 'stream_chunk':
        answer.append('text', string(message, 'content') ?? '');
        break;
      case 'stream_reasoning':
        answer.append('reasoning', string(message, 'content') ?? '');
        break;
      case 'stream_tool_call':
        answer.callTool(string(message, 'tool_call_id') ?? '', string(message, 'tool_name') ?? '', message['params']);
        break;
      case 'stream_tool_result': {
        const failed = message['error'] !== undefined;
        const outcome = failed ? message['error'] : message['result'];
        answer.settleTool(string(message, 'tool_call_id') ?? '', failed ? 'failed' : 'done', outcome);
        break;
      }
      case 'agent_response':
        answer.append('text', string(message, 'content') ?? '');
        this.#end(answer, 'finished');
        break;
      case 'tool_result':
        answer.callTool('', string(message, 'tool_name') ?? '', answer.request['params']);
        answer.settleTool('', 'done', message['result']);
        this.#end(answer, 'finished');
        break;
      case 'stream_end':
        this.#end(answer, 'finished');
        break;
      case 'error':
        answer.failure = failureOf(message);
        this.#end(answer, 'failed');
        break;
    }
  }

  #cancelled(message: Message): void {
    const runId = string(message, 'run_id');
    const runIds = Array.isArray(message['run_ids']) ? (message['run_ids'] as readonly unknown[]) : undefined;
    const named = runIds ?? (runId === undefined ? undefined : [runId]);
    for (const answer of this.#answers) {
      const meant =
        named === undefined
          ? message['outcome'] === undefined && answer.isLive
          : answer.runId !== undefined && named.includes(answer.runId);
      if (meant && answer.isLive) {
        answer.seq = number(message, 'seq') ?? answer.seq;
        answer.usage = (message['usage'] as Usage | undefined) ?? answer.usage;
        answer.finishReason = string(message, 'finish_reason') ?? answer.finishReason;
        answer.cancelReason = string(message, 'reason');
        this.#end(answer, 'cancelled');
      } else if (answer.cancelling && message['seq'] === undefined) {
        answer.cancelling = false;
        answer.changed.emit();
      }
    }
  }

  #end(answer: Answer, state: 'finished' | 'cancelled' | 'failed' | 'lost'): void {
    if (!answer.isLive) return;
    answer.end(state);
    this.counts[state]++;
    this.ended.emit(answer);
    this.counted.emit();
  }

  /** Whether the reader already stands behind this message: a replay may repeat what was seen. */
  #isKnown(answer: Answer, message: Message): boolean {
    const seq = number(message, 'seq');
    if (seq === undefined) return false;
    if (seq <= answer.seq) return true;
    answer.seq = seq;
    return false;
  }

  #byRunId(runId: string): Answer | undefined {
    return this.#answers.findLast((answer) => answer.runId === runId);
  }

  #find(type: string, message: Message): Answer | undefined {
    const runId = string(message, 'run_id');
    const requestId = string(message, 'request_id');
    const byRun = runId === undefined ? undefined : this.#byRunId(runId);
    if (byRun !== undefined) return byRun;
    if (requestId !== undefined) {
      const byRequest = this.#answers.findLast((answer) => answer.requestId === requestId);
      if (byRequest !== undefined) return byRequest;
    }
    // A client of the documented core names nothing: a message belongs to the oldest answer it fits.
    const open = this.live.filter((answer) => runId === undefined || answer.runId === undefined);
    if (type === 'error') {
      if (requestId !== undefined || NOT_ABOUT_RUNS.has(string(message, 'code') ?? '')) return undefined;
      return open.find((answer) => answer.requestId === undefined && answer.state === 'sent');
    }
    return open.find((answer) => answer.kind === KIND_OF[type]);
  }

  #dropOldest(): void {
    if (this.#answers.length <= MAX_ANSWERS) return;
    const oldest = this.#answers.find((answer) => !answer.isLive);
    if (oldest !== undefined) this.#drop(oldest);
  }

  #drop(answer: Answer): void {
    this.#answers.splice(this.#answers.indexOf(answer), 1);
    this.dropped.emit(answer);
  }
}

function failureOf(message: Message): Failure {
  const issues = message['issues'];
  return {
    text: string(message, 'error') ?? '',
    code: string(message, 'code'),
    retryable: typeof message['retryable'] === 'boolean' ? message['retryable'] : undefined,
    retryAfterMs: number(message, 'retry_after_ms'),
    issues: Array.isArray(issues) ? (issues as Failure['issues']) : [],
  };
}

function string(message: Message, field: string): string | undefined {
  const value = message[field];
  return typeof value === 'string' ? value : undefined;
}

function number(message: Message, field: string): number | undefined {
  const value = message[field];
  return typeof value === 'number' ? value : undefined;
}
