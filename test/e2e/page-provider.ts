import type { LlmPart, LlmProvider, LlmRequest, LlmStreamOptions } from '../../src/index.js';

/** What a model would have to say to hurt the page, with all the Markdown the page knows. */
export const HOSTILE = [
  'Intro <img src=x onerror="window.pwned=1"> <script>window.pwned=2</script> ',
  '**bold** and `code <b>`\n\n- one\n- two\n\n```html\n<script>window.pwned=3</script>\n```\n\n',
  '[link](javascript:window.pwned=4) end',
];

/** What the tool that needs an approval is called with: markup in it has to stay text. */
export const REFUND = '{"order_id":"A-1001","note":"<b onclick=window.pwned=5>urgent</b>"}';

/** A model that does what the question says, and waits where a test has to look in the middle. */
export class PageProvider implements LlmProvider {
  readonly vendor = 'scripted';
  readonly model = 'script-1';
  readonly accepts = ['image', 'file'] as const;
  /** Questions whose model call was aborted. */
  aborted: string[] = [];
  /** Every call fails. */
  isDown = false;
  #release: (() => void)[] = [];
  #answers = 0;

  /** Forgets what was asked, for the next test. */
  reset(): void {
    this.release();
    this.aborted = [];
    this.isDown = false;
    this.#answers = 0;
  }

  /** Lets waiting answers go on. */
  release(): void {
    for (const go of this.#release.splice(0)) go();
  }

  async *stream({ messages }: LlmRequest, { signal }: LlmStreamOptions): AsyncGenerator<LlmPart | LlmPart[]> {
    if (this.isDown) throw new Error('nobody is there');
    const last = messages.at(-1);
    const asked = messages.findLast((message) => message.role === 'user')?.content ?? '';
    // In a room the model is told who asks.
    const question = asked.replace(/^(?:Ada|Bob): /, '');
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
    } else if (question.startsWith('refund')) {
      const calls = messages.slice(messages.findLastIndex(({ role }) => role === 'user')).length - 1;
      if (last?.role === 'tool' && (calls > 2 || question !== 'refund twice'))
        yield text(`The tool said: ${last.content}`);
      else yield { type: 'tool-call', id: `c${calls}`, name: 'refund', arguments: REFUND };
    } else if (question === 'survey') {
      if (last?.role === 'tool') yield text('All was seen.');
      else yield { type: 'tool-call', id: 'c1', name: 'survey', arguments: '{}' };
    } else if (question.startsWith('recall')) {
      const asked = messages.filter((message) => message.role === 'user').map((message) => message.content);
      yield text(`You asked: ${asked.join(', ')}. `);
      yield text(`Answer ${++this.#answers}.`);
    } else if (question.startsWith('look')) {
      const seen = messages.flatMap(({ role, ...message }) =>
        role === 'user' && 'attachments' in message ? (message.attachments ?? []) : [],
      );
      yield text(`I see ${seen.map(({ name, data = '' }) => `${name} of ${data.length}`).join(', ') || 'nothing'}.`);
    } else if (question === 'costly') {
      yield text('It adds up.');
      yield { type: 'usage', inputTokens: 100, outputTokens: 40, cachedInputTokens: 80, reasoningTokens: 12 };
      yield { type: 'finish', reason: 'stop' };
      return;
    } else if (question === 'many') {
      for (let lot = 0; lot < 60; lot++) {
        for (let each = 0; each < 100; each++) yield text(`w${lot * 100 + each} `);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (question === 'steps') {
      for (const step of ['one ', 'two ', 'three ', 'four ']) {
        yield text(step);
        if (step !== 'four ') await this.#wait(question, signal);
      }
    } else if (question === 'mute') {
      await this.#wait(question, signal);
      yield text('spoken');
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
