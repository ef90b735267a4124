import type { ChatMessage } from './react-message.js';
import { Turn, type Asked } from './react-turn.js';

/** The turns that are not in the history, in the order of asking. */
export class TurnList {
  #turns: readonly Turn[] = [];

  get all(): readonly Turn[] {
    return this.#turns;
  }

  get live(): readonly Turn[] {
    return this.#turns.filter(({ end }) => end === undefined);
  }

  /** Turns that ended and that the server does not store: they stay until they are dismissed or asked again. */
  get failed(): readonly Turn[] {
    return this.#turns.filter(({ end, isStored }) => end !== undefined && !isStored);
  }

  /** Turns that ended and that the server stores: a history that is asked for from now on replaces them. */
  get stored(): readonly Turn[] {
    return this.#turns.filter(({ end, isStored }) => end !== undefined && isStored);
  }

  /** Adds a turn after what is shown, or after the version it replaces. */
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

  /** Removes the turns that ended. */
  clear(): void {
    this.#turns = this.live;
  }

  /** Removes the turns whose answer is in the history, and those that it replaces although it is of another branch. */
  removeAnswered(stored: readonly ChatMessage[], replaced: readonly Turn[]): void {
    const answered = new Set(stored.map(({ role, runId }) => (role === 'assistant' ? runId : undefined)));
    this.#turns = this.#turns.filter((turn) => !answered.has(turn.runId) && !replaced.includes(turn));
  }

  /** Makes a finished turn part of the stored messages. */
  settle(turn: Turn, stored: readonly ChatMessage[]): readonly ChatMessage[] {
    const { at } = turn.locate(stored);
    this.#turns = this.#turns.filter((other) => other !== turn);
    return [...stored.slice(0, at), ...turn.messages];
  }

  /** All messages: the stored ones, and those of the turns in their places. */
  among(stored: readonly ChatMessage[]): ChatMessage[] {
    const shown = [...stored];
    for (const turn of this.#turns) {
      if (turn.end === undefined || turn.isStored) {
        // The version that the turn replaces is hidden.
        const { at } = turn.locate(shown);
        shown.splice(at, shown.length - at, ...turn.messages);
      } else {
        const at = turn.after === undefined ? 0 : placeAfter(shown, turn.after);
        // The question belongs to another branch.
        if (at === undefined) continue;
        shown.splice(at, 0, ...turn.messages);
      }
    }
    return shown;
  }
}

/** Index after the answer of this run. */
function placeAfter(shown: readonly ChatMessage[], run: string): number | undefined {
  const last = shown.findLastIndex((message) => runOf(message) === run);
  return last < 0 ? undefined : endOf(shown, last);
}

/** Index after the turn of this message. */
function endOf(shown: readonly ChatMessage[], at: number): number {
  return shown[at]?.role === 'user' && shown[at + 1]?.role === 'assistant' ? at + 2 : at + 1;
}

function runOf(message: ChatMessage | undefined): string | undefined {
  return message?.runId ?? message?.id;
}
