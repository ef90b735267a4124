import type { Answer } from './answer.js';
import type { Attached } from './attached.js';
import { textOf } from './message-fields.js';
import type { Session } from './session.js';

/** Fetches the bytes of attachments that the history only names, each once for a connection. */
export class AttachmentLoader {
  readonly #session: Session;
  readonly #asked = new Set<Attached>();

  constructor(session: Session) {
    this.#session = session;
    session.greeted.on(() => {
      this.#asked.clear();
      // What is in sight and not here is fetched when it is drawn.
      for (const answer of session.runs.all) if (answer.attached.length > 0) answer.touch();
    });
  }

  /** The answer is touched when they are here, or gone. */
  load(answer: Answer, attached: Attached): void {
    const { id } = attached;
    const { conversationId } = answer;
    if (id === undefined || conversationId === undefined || this.#asked.has(attached)) return;
    if (!this.#session.isNegotiated || this.#session.hello === undefined) return;
    this.#asked.add(attached);
    const request = { type: 'attachment', conversation_id: conversationId, attachment_id: id };
    this.#session.ask(request, (reply) => {
      attached.data = textOf(reply, 'data');
      attached.isGone = attached.data === undefined;
      answer.touch();
    });
  }
}
