import { TERMINAL_TYPES } from '../../../src/protocol/index.js';

/** A message as a client parses it. */
export interface Wire {
  readonly type: string;
  readonly run_id?: string;
  readonly request_id?: string;
  readonly seq?: number;
  readonly first_seq?: number;
  readonly content?: string;
  readonly after?: number;
  readonly head?: number;
  readonly reset?: boolean;
  readonly code?: string;
}

/** An applied message of the run. */
interface Applied {
  readonly type: string;
  readonly seq: number;
  readonly content: string;
}

/**
 * A client of one run. It applies messages by the rule of the protocol and throws at the first message that leaves a
 * gap, repeats something or follows the end.
 */
export class RunReader {
  readonly runId: string;
  readonly #applied: Applied[] = [];
  /** The `request_id` without an answer: until it is answered, messages belong to the earlier reading. */
  #asked: string | undefined;
  #count = 0;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The last applied `seq`. */
  get position(): number {
    return this.#applied.at(-1)?.seq ?? 0;
  }

  /** All positions it had, including 0. */
  get positions(): readonly number[] {
    return [0, ...this.#applied.map(({ seq }) => seq)];
  }

  /** The type of the final message of the run, if it has arrived. */
  get end(): string | undefined {
    const last = this.#applied.at(-1);
    return last !== undefined && TERMINAL_TYPES.has(last.type) ? last.type : undefined;
  }

  /** The complete text of one kind. */
  text(type: 'stream_chunk' | 'stream_reasoning'): string {
    return this.#applied.map((message) => (message.type === type ? message.content : '')).join('');
  }

  /** The messages in order; consecutive text is joined. */
  get types(): string[] {
    return this.#applied.map(({ type }) => type).filter((type, at, types) => type !== types[at - 1]);
  }

  /** Creates a `resume`. Everything that arrived before must have been passed to {@link receive}. */
  resume(after: number = this.position): object {
    this.#asked = `r${this.#count++}`;
    return { type: 'resume', run_id: this.runId, after, request_id: this.#asked };
  }

  /** Creates the request of the run, for the first time or again. */
  query(query: string): object {
    this.#asked = `q${this.#count++}`;
    return { type: 'streaming_query', query, run_id: this.runId, request_id: this.#asked };
  }

  /** Drops the connection, and with it the answer to the last `resume`. */
  disconnected(): void {
    this.#asked = 'never';
  }

  receive(message: Wire): void {
    if (message.type === 'resumed' || message.type === 'accepted') this.#onAnswer(message);
    else if (message.type === 'error' && message.seq === undefined)
      throw new Error(`Refused: ${JSON.stringify(message)}`);
    else if (message.seq !== undefined && this.#asked === undefined) this.#apply(message, message.seq);
  }

  #onAnswer({ type, request_id: requestId, after = 0, head = 0, reset }: Wire): void {
    if (this.#asked !== undefined && requestId !== this.#asked) return;
    this.#asked = undefined;
    if (type === 'accepted' && this.position > 0) throw new Error('Accepted for the second time');
    if (after > head) throw new Error(`Resumed after ${after} of ${head}`);
    if (reset === true && after !== 0) throw new Error(`A reset that begins after ${after}`);
    while (this.position > after) this.#applied.pop();
    if (this.position !== after) throw new Error(`Resumed after ${after}, where no message ends`);
  }

  #apply(message: Wire, seq: number): void {
    const { type, run_id: runId, first_seq: firstSeq = seq, content = '' } = message;
    const at = `${type} ${firstSeq} to ${seq}, position ${this.position}`;
    if (runId !== this.runId) throw new Error(`Of another run: ${at}`);
    if (this.end !== undefined) throw new Error(`After the end: ${at}`);
    if (firstSeq !== this.position + 1) throw new Error(`${firstSeq > this.position ? 'A hole' : 'Repeated'}: ${at}`);
    if (seq < firstSeq) throw new Error(`Backwards: ${at}`);
    this.#applied.push({ type, seq, content });
  }
}
