import type { AnswerEnd } from './answer.js';
import type { Message } from './frames.js';
import { listOf, numberOf, textOf } from './message-fields.js';

/** A question of a conversation with everything up to the next one. */
export interface Turn {
  readonly question: Message;
  /** Steps of the answer: what the assistant said and called, and what the tools returned. */
  readonly steps: readonly Message[];
}

/** What was said in a conversation, as far as it was fetched: the newest messages without a hole. */
export class Transcript {
  /** Whether the server has older messages. */
  hasOlder = false;
  #messages: Message[] = [];
  /** The newest message that was put away. */
  #putAway: string | undefined;

  /** The oldest message here. */
  get oldestId(): string | undefined {
    return textOf(this.#messages[0] ?? {}, 'id');
  }

  /** The questions and their answers. A page may begin in the middle of an answer, whose question is older. */
  get turns(): readonly Turn[] {
    const turns: { question: Message; steps: Message[] }[] = [];
    for (const message of this.#messages) {
      if (message['role'] === 'user') turns.push({ question: message, steps: [] });
      else turns.at(-1)?.steps.push(message);
    }
    return turns;
  }

  /** Takes in the newest page: it stands for everything from its first message on. */
  takeNewest(page: Message): void {
    const all = listOf(page, 'messages');
    const away = all.findIndex((message) => message['id'] === this.#putAway);
    const messages = all.slice(away + 1);
    const firstId = messages[0]?.['id'];
    const at = this.#messages.findIndex((message) => message['id'] === firstId);
    const kept = at === -1 ? [] : this.#messages.slice(0, at);
    if (kept.length === 0) this.hasOlder = away !== -1 || page['has_more'] === true;
    this.#messages = [...kept, ...messages];
  }

  /** Puts the oldest turn away: it is shown again with the older messages. */
  putAway(questionId: string): void {
    if (this.oldestId !== questionId) return;
    const next = this.#messages.findIndex((message, index) => index > 0 && message['role'] === 'user');
    const gone = this.#messages.splice(0, next === -1 ? this.#messages.length : next);
    this.#putAway = textOf(gone.at(-1) ?? {}, 'id');
    this.hasOlder = true;
  }

  /** Takes in a page of what is older than everything here. */
  takeOlder(page: Message): void {
    this.#messages.unshift(...listOf(page, 'messages'));
    this.#putAway = undefined;
    this.hasOlder = page['has_more'] === true;
  }

  clear(): void {
    this.#messages = [];
    this.#putAway = undefined;
    this.hasOlder = false;
  }
}

/** The run that wrote the answer, or else asked the question. */
export function runIdOf({ question, steps }: Turn): string | undefined {
  return textOf(steps.at(-1) ?? question, 'run_id');
}

/** When the question was asked, in Unix milliseconds. */
export function timeOf({ question }: Turn): number {
  return (numberOf(question, 'created_at') ?? 0) * 1000;
}

/** How the answer ended, as far as the history tells. */
export function endOf({ steps }: Turn): AnswerEnd {
  const last = steps.at(-1);
  const status = last?.['status'];
  if (status === 'cancelled' || status === 'failed' || status === 'interrupted') return status;
  return last?.['role'] === 'assistant' ? 'finished' : 'unanswered';
}
