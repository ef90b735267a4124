import type { LlmPart } from '../../agent/llm-provider.js';
import { Answer } from './answer.js';
import { DeltaTemplate } from './delta-template.js';
import { malformed, type Failures } from './failures.js';
import { SseDecoder, type SseInput, type SseSink } from './sse-decoder.js';
import { WholeBody } from './whole-body.js';

/** Maximum number of events between two attempts to learn a template, for servers whose chunks never match. */
const MAX_PATIENCE = 64;

/** Events that are parsed before another template is learned. In a short answer, learning costs more than it saves. */
const NEXT_LESSON = 6;

/** What a provider knows of its server: the template of an earlier answer, if there was one. */
export interface Learned {
  template?: DeltaTemplate;
}

/** Decodes the bytes of a body into the parts of an answer. */
export class ChatDecoder implements SseSink {
  readonly #answer: Answer;
  readonly #sse = new SseDecoder(this);
  /** The body until the first event arrives, in case it is not a stream. */
  #whole: WholeBody | undefined = new WholeBody();
  #words: string | undefined;
  #template: DeltaTemplate | undefined;
  /** The event to learn a template from. Learning waits for the next event, so that the first token is not delayed. */
  #lesson: { readonly raw: string; readonly chunk: unknown } | undefined;
  #fitted = true;
  #patience = 0;
  #wait: number;
  readonly #learned: Learned;

  constructor(failures: Failures, learned: Learned = {}) {
    this.#learned = learned;
    this.#wait = learned.template === undefined ? 0 : NEXT_LESSON;
    this.#answer = new Answer(failures);
  }

  /** Whether the whole answer has been delivered, including `finish`. */
  get done(): boolean {
    return this.#answer.done;
  }

  /** Whether text, reasoning or a piece of a tool call has arrived. */
  get begun(): boolean {
    return this.#answer.begun;
  }

  /** Whether the answer has its finish reason. */
  get complete(): boolean {
    return this.#answer.complete;
  }

  /** Whether nothing but usage and the end mark can follow. */
  get isOver(): boolean {
    return this.#answer.isOver;
  }

  /** See {@link Answer.chunks}. */
  get chunks(): number {
    return this.#answer.chunks;
  }

  /** Whether an event has arrived. */
  get isStream(): boolean {
    return this.#whole === undefined;
  }

  /** The last event that was words. */
  get words(): string | undefined {
    return this.#words;
  }

  /** The beginning of a body without events. */
  get opening(): string {
    return this.#whole?.text ?? '';
  }

  /**
   * @throws AgentSocketError if the bytes hold an error or are malformed; {@link take} still returns the parts before
   * it.
   */
  push(bytes: Buffer): void {
    if (this.#whole?.push(bytes) === true) return;
    this.#sse.push(bytes);
  }

  /**
   * Ends the body. Returns whether the answer is complete.
   * @throws AgentSocketError as {@link push} does
   */
  end(): boolean {
    const whole = this.#whole?.json();
    if (whole !== undefined) return this.#takeWhole(whole);
    if (!this.#answer.done) this.#sse.end();
    return this.settle();
  }

  /** Returns the parts since the last call. */
  take(): readonly LlmPart[] {
    return this.#answer.take();
  }

  /** Ends the answer before its body ends, if nothing but the end mark is missing. Otherwise it stays incomplete. */
  settle(): boolean {
    const { complete } = this.#answer;
    if (complete) this.#answer.finish();
    else this.#answer.release();
    return complete;
  }

  /** Takes the body of a server that does not stream: an answer or an error in one piece. */
  #takeWhole(body: object): boolean {
    this.#answer.chunk(body);
    if (!this.#answer.hasChoice) return false;
    this.#answer.finish();
    return true;
  }

  isWhole(data: string): boolean {
    const said = unwrapped(data);
    if (isEndMark(said)) return true;
    try {
      JSON.parse(said);
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
    const said = unwrapped(data);
    if (said === '') return;
    const isFirst = this.#whole !== undefined;
    this.#whole = undefined;
    if (isEndMark(said)) {
      this.#answer.finish();
      return;
    }
    let chunk: unknown;
    try {
      chunk = JSON.parse(said);
    } catch {
      // Some servers send errors as plain text.
      if (name === 'error') this.#answer.fail(said);
      else this.#takeUnreadable(said);
      return;
    }
    if (name === 'error') return this.#answer.fail(chunk);
    if (chunk === null) return;
    if (typeof chunk !== 'object') throw malformed('An event holds no JSON object.');
    this.#answer.chunk(chunk);
    if (raw === undefined) return;
    if (isFirst) this.#template = this.#learned.template?.forAnswer(raw);
    if (this.#wait-- <= 0) this.#lesson = { raw, chunk };
  }

  /** Words are no piece of an answer: they keep the connection alive, or a proxy has put in a comment of the server. */
  #takeUnreadable(said: string): void {
    if (!/^[[{]/.test(said)) this.#words = said;
    else if (this.#answer.complete) this.#answer.finish();
    else throw malformed('An event holds broken JSON.');
  }

  /** Learning costs two calls of `JSON.parse`, so it becomes rarer if the chunks of a server never match. */
  #learn(raw: string, chunk: unknown): void {
    this.#lesson = undefined;
    const template = DeltaTemplate.learn(raw, chunk);
    if (template === undefined) {
      this.#wait = 0;
      return;
    }
    this.#template = this.#learned.template = template;
    this.#patience = this.#fitted ? 0 : Math.min(this.#patience * 2 + 1, MAX_PATIENCE);
    this.#wait = this.#patience;
    this.#fitted = false;
  }
}

/** The data without blanks, and without the name of the field if a gateway has put it twice. */
function unwrapped(data: string): string {
  return data.trim().replace(/^(?:data:\s*)+/, '');
}

/** Whether the data marks the end of the answer, also without brackets, in quotes or in lower case. */
function isEndMark(data: string): boolean {
  return data.startsWith('[DONE]') || /^(?:"\[DONE\]"|\[?DONE\]?)$/i.test(data);
}
