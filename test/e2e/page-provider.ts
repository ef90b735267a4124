import type { LlmPart, LlmProvider, LlmRequest, LlmStreamOptions } from '../../src/index.js';

/** What a model would have to say to hurt the page, with all the Markdown the page knows. */
export const HOSTILE = [
  'Intro <img src=x onerror="window.pwned=1"> <script>window.pwned=2</script> ',
  '**bold** and `code <b>`\n\n- one\n- two\n\n```html\n<script>window.pwned=3</script>\n```\n\n',
  '[link](javascript:window.pwned=4) end',
];

/** A model that does what the question says, and waits where a test has to look in the middle. */
export class PageProvider implements LlmProvider {
  readonly vendor = 'scripted';
  readonly model = 'script-1';
  /** Questions whose model call was aborted. */
  readonly aborted: string[] = [];
  #release: (() => void)[] = [];

  /** Lets waiting answers go on. */
  release(): void {
    for (const go of this.#release.splice(0)) go();
  }

  async *stream({ messages }: LlmRequest, { signal }: LlmStreamOptions): AsyncGenerator<LlmPart | LlmPart[]> {
    const last = messages.at(-1);
    const question = messages.findLast((message) => message.role === 'user')?.content ?? '';
    const text = (value: string): LlmPart => ({ type: 'text-delta', text: value });
    if (question === 'hostile') {
      for (const piece of HOSTILE) yield text(piece);
    } else if (question === 'fail') {
      yield text('half an ');
      throw new Error('upstream is gone');
    } else if (question === 'think') {
      yield { type: 'reasoning-delta', text: 'Let me see. ' };
      if (last?.role === 'tool') yield text('It is **42**.');
      else yield { type: 'tool-call', id: 'c1', name: 'calculator', arguments: '{"expression":"6 * 7"}' };
    } else if (question === 'many') {
      for (let lot = 0; lot < 60; lot++) {
        for (let each = 0; each < 100; each++) yield text(`w${lot * 100 + each} `);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (question.startsWith('wait')) {
      yield text('first ');
      await this.#wait(question, signal);
      yield text('second');
    } else {
      yield text('Hello, ');
      yield text('world.');
    }
    yield { type: 'usage', inputTokens: 7, outputTokens: 3 };
    yield { type: 'finish', reason: 'stop' };
  }

  #wait(question: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#release.push(resolve);
      signal.addEventListener('abort', () => {
        this.aborted.push(question);
        reject(signal.reason as Error);
      });
    });
  }
}
