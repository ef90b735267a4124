import type { Language } from './language.js';
import type { Moment } from './tool-result.js';

/** What the demo can talk about without a tool. `earlier` is not among them: its answer needs the chat. */
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

/** Everything the demo says in one language. Texts are Markdown. */
export interface Phrases {
  readonly topics: Readonly<Record<Topic, string>>;
  /** No topic fits `question`. */
  unknown(question: string): string;
  /** Asked what was said before; `question` is the one before this. */
  earlier(question: string | undefined): string;
  /** The calculator came to `result`. */
  sum(expression: string, result: string): string;
  time(moment: Moment): string;
  /** Any other tool said `result`. */
  toolSaid(tool: string, result: string): string;
  toolFailed(tool: string, reason: string): string;
  /** The request offers no such tool; with it, `params` would be its params. */
  toolMissing(tool: string, params: string): string;
}

/** A question as the demo quotes it. */
export function quote(question: string): string {
  const line = question.replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length > 80 ? `${characters.slice(0, 80).join('')}…` : line;
}

/** The weekday of a date such as `2026-11-22`. */
export function weekday(date: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(new Date(date));
}
