import type { LlmPart } from '../../agent/llm-provider.js';
import { Answer } from './answer.js';
import { DeltaTemplate } from './delta-template.js';
import { inStreamFailure, malformedStream } from './provider-failure.js';
import { SseDecoder, type SseInput, type SseSink } from './sse-decoder.js';

/** The most events to wait before learning anew where templates never fit twice. */
const MAX_PATIENCE = 64;

/** The parts of an answer out of the bytes of its body. */
export class ChatDecoder implements SseSink {
  readonly #key: string | undefined;
  readonly #answer: Answer;
  readonly #sse = new SseDecoder(this);
  #template: DeltaTemplate | undefined;
  /** What to learn from when the next event comes: the first token must not wait for it. */
  #lesson: { readonly raw: string; readonly chunk: unknown } | undefined;
  #fitted = true;
  #patience = 0;
  #wait = 0;
  /** Events so far: tells a stream that is alive from one that only keeps its connection open. */
  events = 0;

  /** @param key - the key in use, to keep it out of errors */
  constructor(key: string | undefined) {
    this.#key = key;
    this.#answer = new Answer(key);
  }

  /** The answer has been delivered whole, `finish` included. */
  get done(): boolean {
    return this.#answer.done;
  }

  /** @throws AgentSocketError where the bytes say so or cannot be read; {@link take} then gives what came before. */
  push(bytes: Buffer): void {
    this.#sse.push(bytes);
  }

  /**
   * The body is over. Returns whether the answer was complete.
   * @throws AgentSocketError as {@link push} does
   */
  end(): boolean {
    if (!this.#answer.done) this.#sse.end();
    if (!this.#answer.complete) return false;
    this.#answer.finish();
    return true;
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

  recognise(input: SseInput, position: number): number {
    if (this.#lesson !== undefined) this.#learn(this.#lesson.raw, this.#lesson.chunk);
    const template = this.#template;
    if (template === undefined) return -1;
    const end = template.match(input, position);
    if (end === -1) return -1;
    this.#fitted = true;
    this.events++;
    this.#answer.text(template.kind, template.text);
    return end;
  }

  event(data: string, name: string, raw: string | undefined): void {
    if (data.startsWith('[DONE]')) {
      this.events++;
      this.#answer.finish();
      return;
    }
    if (data === '') return;
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      throw malformedStream('An event holds broken JSON.');
    }
    if (name === 'error') throw inStreamFailure((chunk as { error?: unknown } | null)?.error ?? chunk, this.#key);
    this.events++;
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
