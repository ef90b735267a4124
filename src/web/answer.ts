import type { Usage } from '../protocol/server-messages.js';
import { Arrivals } from './arrivals.js';
import type { Message } from './frames.js';
import { Signal } from './signal.js';

/** The messages that ask for a run. */
export type AnswerKind = 'streaming_query' | 'agent_query' | 'tool_call';
export type AnswerState = 'sent' | 'accepted' | 'running' | 'finished' | 'cancelled' | 'failed' | 'lost';

/** What an answer is made of, in the order it came. */
export type Piece = TextPiece | ToolPiece;
export interface TextPiece {
  readonly kind: 'text' | 'reasoning';
  text: string;
}
export interface ToolPiece {
  readonly kind: 'tool';
  readonly id: string;
  readonly name: string;
  readonly params: unknown;
  state: 'running' | 'done' | 'failed';
  outcome: unknown;
}

export interface Failure {
  readonly text: string;
  readonly code: string | undefined;
  readonly retryable: boolean | undefined;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

let nextKey = 1;

/** One question and what came back: a run as the page sees it. */
export class Answer {
  readonly key = nextKey++;
  readonly changed = new Signal();
  readonly sentAt = performance.now();
  readonly time = Date.now();
  readonly arrivals = new Arrivals();
  readonly pieces: Piece[] = [];
  /** Counts replays: whoever draws the pieces starts over when it grows. */
  generation = 0;
  state: AnswerState = 'sent';
  /** Where the reader stands in the run's log. */
  seq = 0;
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

  constructor(
    readonly kind: AnswerKind,
    readonly request: Message,
    public runId: string | undefined,
    readonly requestId: string | undefined,
  ) {}

  get isLive(): boolean {
    return this.state === 'sent' || this.state === 'accepted' || this.state === 'running';
  }

  /** What was asked, for people. */
  get question(): string {
    return asText(this.request[this.kind === 'tool_call' ? 'tool_name' : 'query']);
  }

  /** The text of the answer, without reasoning and tool calls; of a tool call its result. */
  get text(): string {
    const [first] = this.pieces;
    if (this.kind === 'tool_call' && first?.kind === 'tool') return asText(first.outcome);
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

  /** Adds a piece of streamed text. */
  append(kind: TextPiece['kind'], text: string): void {
    this.arrivals.add(performance.now(), text.length);
    this.chunks++;
    this.state = 'running';
    const last = this.pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.pieces.push({ kind, text });
    this.changed.emit();
  }

  callTool(id: string, name: string, params: unknown): void {
    this.arrivals.add(performance.now(), 1);
    this.pieces.push({ kind: 'tool', id, name, params, state: 'running', outcome: undefined });
    this.changed.emit();
  }

  settleTool(id: string, state: 'done' | 'failed', outcome: unknown): void {
    const call = this.pieces.find((piece) => piece.kind === 'tool' && piece.id === id);
    if (call?.kind === 'tool') Object.assign(call, { state, outcome });
    this.changed.emit();
  }

  /** Ends the answer. The first end counts. */
  end(state: 'finished' | 'cancelled' | 'failed' | 'lost'): void {
    if (!this.isLive) return;
    this.state = state;
    this.endedAt = performance.now();
    this.cancelling = false;
    for (const piece of this.pieces) {
      if (piece.kind === 'tool' && piece.state === 'running') Object.assign(piece, { state: 'failed' });
    }
    this.changed.emit();
  }

  /** The server replays the run from its start: forget what was shown. */
  restart(): void {
    this.pieces.length = 0;
    this.generation++;
    this.seq = 0;
    this.chunks = 0;
    this.arrivals.clear();
    this.endedAt = undefined;
    this.failure = undefined;
    this.finishReason = undefined;
    this.cancelReason = undefined;
    this.state = 'accepted';
    this.changed.emit();
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
