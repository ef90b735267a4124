import type { LlmPart } from '../../agent/llm-provider.js';
import { Answer } from './answer.js';
import { DeltaTemplate } from './delta-template.js';
import { malformed, type Failures } from './failures.js';
import { SseDecoder, type SseInput, type SseSink } from './sse-decoder.js';
import { WholeBody } from './whole-body.js';

/** The most events to wait before learning anew where templates never fit twice. */
const MAX_PATIENCE = 64;

/** The parts of an answer out of the bytes of its body. */
export class ChatDecoder implements SseSink {
  readonly #failures: Failures;
  readonly #answer: Answer;
  readonly #sse = new SseDecoder(this);
  /** What arrived while no event has, in case it is no stream. */
  #whole: WholeBody | undefined = new WholeBody();
  #template: DeltaTemplate | undefined;
  /** What to learn from when the next event comes: the first token must not wait for it. */
  #lesson: { readonly raw: string; readonly chunk: unknown } | undefined;
  #fitted = true;
  #patience = 0;
  #wait = 0;

  constructor(failures: Failures) {
    this.#failures = failures;
    this.#answer = new Answer(failures);
  }

  /** The answer has been delivered whole, `finish` included. */
  get done(): boolean {
    return this.#answer.done;
  }

  /** Whether there was text, reasoning or a piece of a tool call. */
  get begun(): boolean {
    return this.#answer.begun;
  }

  /** Whether an event has come. */
  get isStream(): boolean {
    return this.#whole === undefined;
  }

  /** How a body without an event begins. */
  get opening(): string {
    return this.#whole?.text ?? '';
  }

  /** @throws AgentSocketError where the bytes say so or cannot be read; {@link take} then gives what came before. */
  push(bytes: Buffer): void {
    if (this.#whole?.push(bytes) === true) return;
    this.#sse.push(bytes);
  }

  /**
   * The body is over. Returns whether the answer was complete.
   * @throws AgentSocketError as {@link push} does
   */
  end(): boolean {
    const whole = this.#whole?.json();
    if (whole !== undefined) return this.#takeWhole(whole);
    if (!this.#answer.done) this.#sse.end();
    return this.settle();
  }

  /** The parts since the last call. */
  take(): LlmPart[] {
    return this.#answer.take();
  }

  /** Ends the answer although the body goes on, where nothing but the mark of the end is missing. */
  settle(): boolean {
    if (!this.#answer.complete) return false;
    this.#answer.finish();
    return true;
  }

  /** A server that does not stream gives the answer, or an error, in one piece. */
  #takeWhole(body: object): boolean {
    this.#answer.chunk(body);
    if (!this.#answer.hasChoice) return false;
    this.#answer.finish();
    return true;
  }

  isWhole(data: string): boolean {
    if (data.startsWith('[DONE]')) return true;
    try {
      JSON.parse(data);
      return true;
    } catch {
      return false;
    }
  }

  recognise(input: SseInput, position: number): number {
    if (this.#lesson !== undefined) this.#learn(this.#lesson.raw, this.#lesson.chunk);
    const template = this.#template;
    if (template === undefined || this.#answer.isThought) return -1;
    const end = template.match(input, position);
    if (end === -1) return -1;
    this.#fitted = true;
    this.#answer.text(template.kind, template.text);
    return end;
  }

  event(data: string, name: string, raw: string | undefined): void {
    if (data === '') return;
    this.#whole = undefined;
    if (data.startsWith('[DONE]')) {
      this.#answer.finish();
      return;
    }
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      // An error may be told in plain text.
      if (name === 'error') throw this.#failures.inStream(data);
      throw malformed('An event holds broken JSON.');
    }
    if (name === 'error') throw this.#failures.inStream(chunk);
    if (typeof chunk !== 'object' || chunk === null) throw malformed('An event holds no JSON object.');
    this.#answer.chunk(chunk);
    if (raw !== undefined && this.#wait-- <= 0) this.#lesson = { raw, chunk };
  }

  /** Learning costs two JSON.parse, so a server whose chunks differ every time is asked less and less often. */
  #learn(raw: string, chunk: unknown): void {
    this.#lesson = undefined;
    const template = DeltaTemplate.learn(raw, chunk);
    if (template === undefined) {
      this.#wait = 0;
      return;
    }
    this.#template = template;
    this.#patience = this.#fitted ? 0 : Math.min(this.#patience * 2 + 1, MAX_PATIENCE);
    this.#wait = this.#patience;
    this.#fitted = false;
  }
}
