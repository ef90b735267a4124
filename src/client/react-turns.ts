import type { ChatMessage } from './react-message.js';
import { Turn, type Asked } from './react-turn.js';

/** The turns that the history does not have, in the order of asking. */
export class TurnList {
  #turns: readonly Turn[] = [];

  get all(): readonly Turn[] {
    return this.#turns;
  }

  get live(): readonly Turn[] {
    return this.#turns.filter(({ end }) => end === undefined);
  }

  /** Those that came to nothing the history knows of: they stay until they are dismissed or asked again. */
  get failed(): readonly Turn[] {
    return this.#turns.filter(({ end }) => end !== undefined);
  }

  /** Adds one behind what is shown, or behind the version it replaces. */
  add(asked: Asked, stored: readonly ChatMessage[]): Turn {
    this.#turns = this.#turns.filter(({ runId }) => runId !== asked.run.id);
    const shown = this.among(stored);
    const replaced = shown.findIndex(({ id }) => id === asked.replaceFrom);
    const turn = new Turn(asked);
    turn.after = runOf(shown[replaced < 0 ? shown.length - 1 : endOf(shown, replaced) - 1]);
    this.#turns = [...this.#turns, turn];
    return turn;
  }

  remove(turn: Turn): void {
    this.#turns = this.#turns.filter((other) => other !== turn);
    for (const other of this.#turns) if (other.after === turn.runId) other.after = turn.after;
  }

  /** Removes those whose answer the history has. */
  removeAnswered(stored: readonly ChatMessage[]): void {
    const answered = new Set(stored.map(({ role, runId }) => (role === 'assistant' ? runId : undefined)));
    this.#turns = this.#turns.filter(({ runId }) => !answered.has(runId));
  }

  /** Makes a turn that is over part of what is stored. */
  settle(turn: Turn, stored: readonly ChatMessage[]): readonly ChatMessage[] {
    const { at } = turn.locate(stored);
    this.#turns = this.#turns.filter((other) => other !== turn);
    return [...stored.slice(0, at), ...turn.messages];
  }

  /** All messages: those that are stored, and those of the turns where they belong. */
  among(stored: readonly ChatMessage[]): ChatMessage[] {
    const shown = [...stored];
    for (const turn of this.#turns) {
      if (turn.end === undefined) {
        // What it replaces, or makes anew, is not shown while it is written.
        const { at } = turn.locate(shown);
        shown.splice(at, shown.length - at, ...turn.messages);
      } else {
        const at = turn.after === undefined ? 0 : placeAfter(shown, turn.after);
        // Asked in another branch.
        if (at === undefined) continue;
        shown.splice(at, 0, ...turn.messages);
      }
    }
    return shown;
  }
}

/** Where what follows an answer of this run begins. */
function placeAfter(shown: readonly ChatMessage[], run: string): number | undefined {
  const last = shown.findLastIndex((message) => runOf(message) === run);
  return last < 0 ? undefined : endOf(shown, last);
}

/** Where the turn ends that this message belongs to. */
function endOf(shown: readonly ChatMessage[], at: number): number {
  return shown[at]?.role === 'user' && shown[at + 1]?.role === 'assistant' ? at + 2 : at + 1;
}

function runOf(message: ChatMessage | undefined): string | undefined {
  return message?.runId ?? message?.id;
}
