import type { Usage } from '../protocol/server-messages.js';
import type { ApprovalDecision, ApprovalPiece, Piece, TextPiece, ToolPiece } from './answer-piece.js';
import { Arrivals } from './arrivals.js';
import { attachedOf, type Attached } from './attached.js';
import type { Message } from './frames.js';
import { listOf, textOf, type Failure } from './message-fields.js';
import { RunPosition } from './run-position.js';
import { Signal } from './signal.js';

/** The messages that ask for a run. */
export type AnswerKind = 'streaming_query' | 'agent_query' | 'tool_call';
/** How an answer ended. `lost` and `unknown`: the page cannot tell; `unanswered`: the history has no answer. */
export type AnswerEnd = 'finished' | 'cancelled' | 'failed' | 'interrupted' | 'lost' | 'unknown' | 'unanswered';
export type AnswerState = 'sent' | 'accepted' | 'queued' | 'running' | 'waiting' | AnswerEnd;
/** Asked on this page, seen through a watched conversation, or read in the history. */
export type AnswerOrigin = 'here' | 'watched' | 'history';

const LIVE: ReadonlySet<AnswerState> = new Set(['sent', 'accepted', 'queued', 'running', 'waiting']);

let nextKey = 1;

/** One question and what came back: a run as the page sees it. */
export class Answer {
  readonly key = nextKey++;
  readonly changed = new Signal();
  readonly sentAt = performance.now();
  readonly arrivals = new Arrivals();
  readonly pieces: Piece[] = [];
  /** Where the page stands in the log of the run. */
  readonly position = new RunPosition();
  /** Counts replays: whoever draws the pieces starts over when it grows. */
  generation = 0;
  state: AnswerState = 'sent';
  chunks = 0;
  endedAt: number | undefined;
  usage: Usage | undefined;
  finishReason: string | undefined;
  cancelReason: string | undefined;
  vendor: string | undefined;
  model: string | undefined;
  failure: Failure | undefined;
  /** The person pressed cancel and the server has not said yes yet. */
  cancelling = false;
  /** `epoch` of the server that took the question. */
  epoch: string | undefined;
  /** The connection that read it is gone, and the page means to read it on. */
  isCut = false;
  /** Where it was read on last, and how often that happened. */
  resumed: { readonly after: number; readonly times: number } | undefined;
  /** Runs of the conversation that end before this one starts. */
  place: number | undefined;
  /** The messages of the conversation that hold the question and the first of its answer. */
  questionId: string | undefined;
  answerId: string | undefined;
  /** The messages in the same place, in other branches of the conversation; none where there is no other. */
  questionVersions: readonly string[] = [];
  answerVersions: readonly string[] = [];
  /** The images and files of the question. */
  attached: readonly Attached[];
  /** A newer question takes the place of this one as soon as it starts. */
  replacedBy: Answer | undefined;
  /** When open decisions expire, as `resumed` told it. A replay repeats how long there was at first. */
  #expiries = new Map<string, number>();

  constructor(
    readonly kind: AnswerKind,
    readonly request: Message,
    public runId: string | undefined,
    readonly requestId: string | undefined,
    readonly origin: AnswerOrigin = 'here',
    /** Unix milliseconds. */
    readonly time = Date.now(),
  ) {
    this.attached = attachedOf(request);
  }

  get isLive(): boolean {
    return LIVE.has(this.state);
  }

  /** What was asked, for people. Of a run known by its id alone that is the id. */
  get question(): string {
    return asText(this.request[this.kind === 'tool_call' ? 'tool_name' : 'query']) || (this.runId ?? '');
  }

  /** The conversation it belongs to. */
  get conversationId(): string | undefined {
    return textOf(this.request, 'conversation_id');
  }

  /** The message in whose place it was asked, in a branch beside it. */
  get replaces(): string | undefined {
    return textOf(this.request, 'replace_from');
  }

  /** Whether the page can ask the same again: it may know the attachments by name only. */
  get canRepeat(): boolean {
    return listOf(this.request, 'attachments').every((each) => 'data' in each || 'url' in each);
  }

  /** The text of the answer, without reasoning and tool calls; of a tool call its result. */
  get text(): string {
    const tool = this.pieces.find((piece) => piece.kind === 'tool');
    if (this.kind === 'tool_call' && tool !== undefined) return asText(tool.outcome);
    return this.pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
  }

  /** Milliseconds from the question to the first piece of output. */
  get firstMs(): number | undefined {
    return this.arrivals.first === undefined ? undefined : this.arrivals.first - this.sentAt;
  }

  /** Milliseconds from the question to the end, or until now. */
  get elapsedMs(): number {
    return (this.endedAt ?? performance.now()) - this.sentAt;
  }

  /** Pieces of text per second between the first and the last. */
  get chunksPerSecond(): number | undefined {
    const { first, last } = this.arrivals;
    if (first === undefined || last === undefined || this.chunks < 2 || last <= first) return undefined;
    return ((this.chunks - 1) * 1000) / (last - first);
  }

  /** Output tokens per second, once the server told how many there were. */
  get tokensPerSecond(): number | undefined {
    const { first, last } = this.arrivals;
    if (this.usage === undefined || first === undefined || last === undefined || last - first < 1) return undefined;
    return this.kind === 'streaming_query' ? (this.usage.output_tokens * 1000) / (last - first) : undefined;
  }

  /** The decisions it waits for. */
  get openApprovals(): readonly ApprovalPiece[] {
    return this.pieces.filter((piece) => piece.kind === 'approval' && piece.decision === undefined) as ApprovalPiece[];
  }

  /** Says that something of it is different. */
  touch(): void {
    this.changed.emit();
  }

  /** Moves on to another state before the end. */
  enter(state: AnswerState): void {
    this.state = state;
    if (state !== 'queued') this.place = undefined;
    this.touch();
  }

  /** Adds a piece of streamed text. */
  append(kind: TextPiece['kind'], text: string): void {
    this.arrivals.add(performance.now(), text.length);
    this.chunks++;
    const last = this.pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.pieces.push({ kind, text });
    this.enter('running');
  }

  callTool(id: string, name: string, params: unknown): void {
    this.arrivals.add(performance.now(), 1);
    this.pieces.push({ kind: 'tool', id, name, params, state: 'running', outcome: undefined, reports: [] });
    this.touch();
  }

  /** A tool at work reports. */
  report(id: string, data: unknown): void {
    const call = this.pieces.find((piece) => piece.kind === 'tool' && piece.id === id);
    if (call?.kind === 'tool') call.reports.push(data);
    this.touch();
  }

  settleTool(id: string, state: 'done' | 'failed', outcome: unknown): void {
    const call = this.pieces.find((piece) => piece.kind === 'tool' && piece.id === id);
    if (call !== undefined) Object.assign(call, { state, outcome });
    this.touch();
  }

  /** A tool waits for a person. */
  askApproval(id: string, name: string, params: unknown, expiresInMs: number): void {
    const expiresAt = this.#expiries.get(id) ?? performance.now() + expiresInMs;
    this.pieces.push({ kind: 'approval', id, name, params, expiresAt, sent: undefined, decision: undefined });
    this.#moveTool(id, 'running', 'waiting');
    this.enter('waiting');
  }

  /** How long the open decisions may still take: the clock of the server counts. */
  expectApprovals(expiries: ReadonlyMap<string, number>): void {
    this.#expiries = new Map([...expiries].map(([id, ms]) => [id, performance.now() + ms]));
    for (const approval of this.openApprovals) {
      approval.expiresAt = this.#expiries.get(approval.id) ?? approval.expiresAt;
    }
  }

  /** Somebody decided. */
  resolveApproval(id: string, decision: ApprovalDecision): void {
    const approval = this.pieces.find((piece) => piece.kind === 'approval' && piece.id === id);
    if (approval?.kind === 'approval') approval.decision = decision;
    this.#moveTool(id, 'waiting', 'running');
    if (this.state === 'waiting' && this.openApprovals.length === 0) this.enter('running');
    else this.touch();
  }

  /** Ends the answer. The first end counts. */
  end(state: AnswerEnd): void {
    if (!this.isLive) return;
    this.endedAt = performance.now();
    this.cancelling = false;
    this.isCut = false;
    for (const piece of this.pieces) {
      if (piece.kind === 'tool' && piece.state !== 'done') piece.state = 'failed';
    }
    this.enter(state);
  }

  /** Goes on with an answer that was given up, from where it stands. */
  revive(): void {
    this.endedAt = undefined;
    this.failure = undefined;
    this.enter(this.openApprovals.length > 0 ? 'waiting' : this.pieces.length > 0 ? 'running' : 'accepted');
  }

  /** The server tells the run from its start: forget what was shown. */
  restart(): void {
    this.pieces.length = 0;
    this.generation++;
    this.position.at = 0;
    this.chunks = 0;
    this.arrivals.clear();
    this.endedAt = undefined;
    this.failure = undefined;
    this.finishReason = undefined;
    this.cancelReason = undefined;
    this.enter('accepted');
  }

  /** Moves a call on that is in a certain state. */
  #moveTool(id: string, from: ToolPiece['state'], to: ToolPiece['state']): void {
    const call = this.pieces.find((piece) => piece.kind === 'tool' && piece.id === id);
    if (call?.kind === 'tool' && call.state === from) call.state = to;
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
