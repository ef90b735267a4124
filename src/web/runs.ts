import { Answer, type AnswerEnd, type AnswerKind } from './answer.js';
import type { ApprovalPiece } from './answer-piece.js';
import { applyMessage, resolveApproval } from './apply-message.js';
import type { Message } from './frames.js';
import { failureOf, listOf, numberOf, textOf, type Failure } from './message-fields.js';
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

/** All answers of this page, and which message belongs to which. */
export class Runs {
  /** An answer has its place in {@link all}. */
  readonly added = new Signal<Answer>();
  readonly ended = new Signal<Answer>();
  /** The first message of a run came. */
  readonly began = new Signal<Answer>();
  /** A tool waits for the decision of a person. */
  readonly asking = new Signal<ApprovalPiece>();
  /** A run waits, in line or for a person. */
  readonly waits = new Signal<Answer>();
  /** Messages of a run are missing: it has to be read again. */
  readonly broken = new Signal<Answer>();
  /** An answer went: it is old, or not part of the conversation any more. */
  readonly dropped = new Signal<Answer>();
  readonly refused = new Signal<Notice>();
  /** How many are live changed. */
  readonly counted = new Signal();
  readonly counts: Record<AnswerEnd, number> = {
    finished: 0,
    cancelled: 0,
    failed: 0,
    interrupted: 0,
    lost: 0,
    unknown: 0,
    unanswered: 0,
  };
  /** The server speaks the whole protocol: it shows every message of a run, and names the run in it. */
  isWhole = false;
  /** Whether older answers went to keep the page small. */
  hasDropped = false;
  readonly #answers: Answer[] = [];
  /** Ended answers in {@link counts}: what the history told is not. */
  readonly #tallied = new WeakSet<Answer>();

  get all(): readonly Answer[] {
    return this.#answers;
  }

  get live(): readonly Answer[] {
    return this.#answers.filter((answer) => answer.isLive);
  }

  /** The answer of a run. */
  byRunId(runId: string): Answer | undefined {
    return this.#answers.findLast((answer) => answer.runId === runId);
  }

  /** Takes note of what was sent. */
  sent(message: Message): void {
    const type = textOf(message, 'type') ?? '';
    const runId = textOf(message, 'run_id');
    if (type === 'cancel') {
      for (const answer of this.live) {
        if (runId !== undefined && answer.runId !== runId) continue;
        answer.cancelling = true;
        answer.touch();
      }
    }
    if (!KINDS.has(type)) return;
    // A repeat of an id asks for the run that exists; `resumed` then starts its answer over.
    if (runId !== undefined && this.byRunId(runId) !== undefined) return;
    this.add(new Answer(type as AnswerKind, message, runId, textOf(message, 'request_id')));
  }

  /** Takes in what the server said. */
  received(message: Message): void {
    const type = textOf(message, 'type') ?? '';
    const isReply = numberOf(message, 'seq') === undefined;
    if (type === 'run_started') {
      this.#introduce(message);
      return;
    }
    if (type === 'cancelled' && isReply) {
      this.#cancelReply(message);
      return;
    }
    const answer = this.#find(type, message);
    if (type === 'error' && isReply) {
      // What was taken already cannot be refused: the error is about something else that names the run.
      if (answer?.state === 'sent') this.#apply(answer, message);
      else this.refused.emit({ failure: failureOf(message) });
      return;
    }
    if (answer === undefined) return;
    answer.runId ??= textOf(message, 'run_id');
    switch (type) {
      case 'accepted':
        answer.enter(message['state'] === 'queued' ? 'queued' : 'accepted');
        if (answer.state === 'queued') this.waits.emit(answer);
        return;
      case 'resumed':
        this.#resumed(answer, message);
        return;
      case 'approval_resolved':
        if (isReply) resolveApproval(answer, message);
    }
    if (isReply) return;
    const before = answer.position.at;
    const verdict = answer.position.take(message, this.isWhole);
    if (verdict === 'hole') this.broken.emit(answer);
    if (verdict !== 'next') return;
    this.#apply(answer, message);
    const approval = type === 'approval_request' ? answer.openApprovals.at(-1) : undefined;
    if (approval !== undefined) this.asking.emit(approval);
    if (before === 0) this.began.emit(answer);
  }

  /** Adds an answer after another one, or as the newest. */
  add(answer: Answer, after: Answer | 'first' | undefined = this.#answers.at(-1)): void {
    const at = after === undefined || after === 'first' ? 0 : this.#answers.indexOf(after) + 1;
    this.#answers.splice(at, 0, answer);
    this.added.emit(answer);
    this.counted.emit();
    if (this.#answers.length <= MAX_ANSWERS || answer.origin === 'history') return;
    const oldest = this.#answers.find((each) => !each.isLive);
    if (oldest === undefined) return;
    this.hasDropped = true;
    this.drop(oldest);
  }

  drop(answer: Answer): void {
    const at = this.#answers.indexOf(answer);
    if (at === -1) return;
    this.#answers.splice(at, 1);
    this.dropped.emit(answer);
    this.counted.emit();
  }

  /** Ends an answer. */
  end(answer: Answer, state: AnswerEnd): void {
    if (!answer.isLive) return;
    answer.end(state);
    this.counts[state]++;
    this.#tallied.add(answer);
    this.ended.emit(answer);
    this.counted.emit();
  }

  /** The connection is gone. What the page can read on it keeps, the rest is lost. */
  cut(): void {
    for (const answer of this.live) {
      if (this.isWhole && answer.runId !== undefined) {
        answer.isCut = true;
        answer.cancelling = false;
        answer.touch();
      } else this.end(answer, 'lost');
    }
  }

  /** Nothing reads on what was cut: the page stays away, or the server cannot. */
  lose(): void {
    for (const answer of this.live) if (answer.isCut) this.end(answer, 'lost');
  }

  /** Goes on with an answer that was given up. */
  revive(answer: Answer): void {
    if (answer.isLive) return;
    if (this.#tallied.delete(answer)) this.counts[answer.state as AnswerEnd]--;
    answer.revive();
    this.counted.emit();
  }

  /** Forgets what has ended. */
  clear(): void {
    for (const answer of this.#answers.filter((each) => !each.isLive)) this.drop(answer);
    this.hasDropped = false;
  }

  #apply(answer: Answer, message: Message): void {
    if (answer.state === 'lost' || answer.state === 'unknown') this.revive(answer);
    if (!answer.isLive) return;
    answer.isCut = false;
    const end = applyMessage(answer, message);
    if (end !== undefined) this.end(answer, end);
  }

  /** A run of a conversation this page watches, asked for by somebody else. */
  #introduce(message: Message): void {
    const { run_id, kind, query, attachments, replace_from, conversation_id, state } = message;
    if (typeof run_id !== 'string' || typeof kind !== 'string' || !KINDS.has(kind)) return;
    const known = this.byRunId(run_id);
    if (known !== undefined) {
      // The history knew the question before its answer was heard of.
      if (!known.isLive) this.#readAgain(known);
      return;
    }
    const request = { type: kind, query, attachments, replace_from, conversation_id, run_id };
    const answer = new Answer(kind as AnswerKind, request, run_id, undefined, 'watched');
    answer.state = state === 'queued' ? 'queued' : state === 'waiting_approval' ? 'waiting' : 'accepted';
    this.add(answer);
    if (answer.state !== 'accepted') this.waits.emit(answer);
  }

  #readAgain(answer: Answer): void {
    this.revive(answer);
    answer.restart();
  }

  #resumed(answer: Answer, message: Message): void {
    const after = numberOf(message, 'after') ?? 0;
    if (answer.isCut) answer.resumed = { after, times: (answer.resumed?.times ?? 0) + 1 };
    answer.isCut = false;
    if (!answer.isLive) this.revive(answer);
    if (after === 0) answer.restart();
    answer.position.at = after;
    answer.expectApprovals(
      new Map(
        listOf(message, 'pending_approvals').map((each) => [
          textOf(each, 'tool_call_id') ?? '',
          numberOf(each, 'expires_in_ms') ?? 0,
        ]),
      ),
    );
    if (message['state'] === 'queued') {
      answer.enter('queued');
      answer.place = numberOf(message, 'position');
    }
    answer.touch();
    this.counted.emit();
  }

  /** The reply to `cancel`: to a client of the documented core it is the end of the runs it stopped. */
  #cancelReply(message: Message): void {
    const runId = textOf(message, 'run_id');
    const named = Array.isArray(message['run_ids']) ? (message['run_ids'] as readonly unknown[]) : runId && [runId];
    for (const answer of this.#answers) {
      const isMeant = named
        ? answer.runId !== undefined && named.includes(answer.runId)
        : message['outcome'] === undefined;
      if (isMeant && answer.isLive) this.#apply(answer, message);
      else if (answer.cancelling) {
        answer.cancelling = false;
        answer.touch();
      }
    }
  }

  #find(type: string, message: Message): Answer | undefined {
    const runId = textOf(message, 'run_id');
    const requestId = textOf(message, 'request_id');
    const byRun = runId === undefined ? undefined : this.byRunId(runId);
    if (byRun !== undefined) return byRun;
    if (requestId !== undefined) {
      const byRequest = this.#answers.findLast((answer) => answer.requestId === requestId);
      if (byRequest !== undefined) return byRequest;
    }
    // A client of the documented core names nothing: a message belongs to the oldest answer it fits.
    const open = this.live.filter((answer) => runId === undefined || answer.runId === undefined);
    if (type === 'error') {
      if (requestId !== undefined || NOT_ABOUT_RUNS.has(textOf(message, 'code') ?? '')) return undefined;
      return open.find((answer) => answer.requestId === undefined && answer.state === 'sent');
    }
    return open.find((answer) => answer.kind === KIND_OF[type]);
  }
}
