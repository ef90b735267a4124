import type { Language } from './language.js';
import type { Moment } from './tool-result.js';

/** Topics of fixed answers. `earlier` is not among them, since its answer depends on the chat. */
export type Topic =
  | 'greeting'
  | 'thanks'
  | 'capabilities'
  | 'realModel'
  | 'connect'
  | 'cancel'
  | 'embed'
  | 'tools'
  | 'markdown'
  | 'story';

/** All texts of the demo in one language, in Markdown. */
export interface Phrases {
  readonly topics: Readonly<Record<Topic, string>>;
  /** The answer if no topic fits `question`. */
  unknown(question: string): string;
  /** The answer to "what did I ask before?"; `question` is the previous one. */
  earlier(question: string | undefined): string;
  /** The answer with the result of the calculator. */
  sum(expression: string, result: string): string;
  time(moment: Moment): string;
  /** The answer with the result of any other tool. */
  toolSaid(tool: string, result: string): string;
  toolFailed(tool: string, reason: string): string;
  /** The answer if the request does not offer the tool; `params` are what the demo would call it with. */
  toolMissing(tool: string, params: string): string;
}

/** Quotes a question for an answer. */
export function quote(question: string): string {
  const line = question.replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length > 80 ? `${characters.slice(0, 80).join('')}…` : line;
}

/** The weekday of a date such as `2026-11-22`. */
export function weekday(date: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(new Date(date));
}
