import type { LlmPart, LlmProvider } from '../../../src/index.js';

/** An answer whose parts wait for the test. */
export class Answer {
  readonly parts: readonly (LlmPart | readonly LlmPart[])[];
  /** How often the model was called. */
  calls = 0;
  #permits = 0;
  #wake: (() => void) | undefined;

  constructor(parts: readonly (LlmPart | readonly LlmPart[])[]) {
    this.parts = parts;
  }

  /** The complete text of one kind. */
  text(type: 'text-delta' | 'reasoning-delta'): string {
    return this.parts
      .flat()
      .map((part) => (part.type === type && 'text' in part ? part.text : ''))
      .join('');
  }

  release(count: number): void {
    this.#permits += count;
    this.#wake?.();
  }

  async *stream(signal: AbortSignal): AsyncGenerator<LlmPart | readonly LlmPart[]> {
    this.calls++;
    signal.addEventListener('abort', () => this.#wake?.());
    for (const part of this.parts) {
      while (this.#permits <= 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        signal.throwIfAborted();
      }
      this.#permits--;
      yield part;
    }
  }
}

/** A model with one answer for each question. */
export class SteppedProvider implements LlmProvider {
  readonly vendor = 'stepped';
  readonly answers = new Map<string, Answer>();

  stream: LlmProvider['stream'] = ({ messages }, { signal }) => {
    const question = messages.at(-1)?.content ?? '';
    const answer = this.answers.get(question);
    if (answer === undefined) throw new Error(`No answer to ${question}`);
    return answer.stream(signal);
  };
}
