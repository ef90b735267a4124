import type { Answer } from './answer.js';
import { failureOf } from './message-fields.js';
import type { Message } from './frames.js';
import type { Session } from './session.js';
import { Signal } from './signal.js';

/** Reads answers on after the connection was lost, each from where the page stands. */
export class Resumption {
  /** So many answers are read on. */
  readonly resumed = new Signal<number>();
  readonly #session: Session;

  /** Answers whose reading was asked for and not confirmed yet. */
  readonly #asked = new Set<Answer>();

  constructor(session: Session) {
    this.#session = session;
    const { runs, greeted } = session;
    greeted.on(() => this.#onGreeted());
    runs.added.on((answer) => {
      if (!answer.isCut) answer.epoch = this.#epoch;
    });
    runs.broken.on((answer) => this.read(answer, 0));
    // Only `resumed` says how many are in line before it, and how long a decision may still take.
    runs.waits.on((answer) => this.read(answer, 0));
    runs.ended.on(({ conversationId }) => {
      for (const answer of runs.live) {
        const movesUp = answer.state === 'queued' && answer.conversationId === conversationId;
        if (movesUp && answer.place !== 1) this.read(answer, 0);
      }
    });
  }

  /** Reads a run from a position: where the page stands, or the start. */
  read(answer: Answer, after = answer.position.at): boolean {
    if (answer.runId === undefined || this.#asked.has(answer)) return false;
    const isSent = this.#session.ask({ type: 'resume', run_id: answer.runId, after }, (reply) => {
      this.#asked.delete(answer);
      if (reply['type'] === 'error') this.#refused(answer, reply);
    });
    if (isSent) this.#asked.add(answer);
    return isSent;
  }

  get #epoch(): string | undefined {
    const epoch = this.#session.hello?.['epoch'];
    return typeof epoch === 'string' ? epoch : undefined;
  }

  #onGreeted(): void {
    const { runs, isNegotiated } = this.#session;
    this.#asked.clear();
    if (!isNegotiated) {
      runs.lose();
      return;
    }
    const left = runs.all.filter((answer) => answer.isCut || (answer.state === 'lost' && answer.runId !== undefined));
    for (const answer of left) {
      answer.isCut = true;
      // A question nobody confirmed is asked again under its id, of the same server: it is executed once.
      const isUnheard = answer.state === 'sent' && answer.epoch === this.#epoch;
      if (isUnheard) this.#session.submit(answer.request);
      else this.read(answer);
    }
    if (left.length > 0) this.resumed.emit(left.length);
  }

  #refused(answer: Answer, reply: Message): void {
    const { runs } = this.#session;
    const failure = failureOf(reply);
    if (!answer.isLive && answer.state !== 'lost' && answer.state !== 'unknown') {
      runs.refused.emit({ failure });
      return;
    }
    const isOther = answer.epoch !== undefined && answer.epoch !== this.#epoch;
    runs.revive(answer);
    answer.failure = failure;
    runs.end(answer, failure.code === 'run_not_found' && isOther ? 'unknown' : 'lost');
  }
}
