import { describe, expect, it } from 'vitest';
import type { LlmPart, LlmProvider } from '../../src/index.js';
import { llmProviderCases } from '../../src/testing/index.js';

const QUESTIONS = { silent: 'Say nothing', stalling: 'Stop in the middle', failing: 'Fail' };
const never = new Promise<never>(() => undefined);

/** Names of the cases a provider fails. */
async function failed(stream: LlmProvider['stream']): Promise<string[]> {
  const cases = llmProviderCases(() => ({ provider: { vendor: 'wrong', stream }, question: 'Hi' }), QUESTIONS);
  const names = await Promise.all(
    cases.map(({ name, run }) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  );
  return names.flat();
}

const text = (content: string): LlmPart => ({ type: 'text-delta', text: content });

describe('the cases of a provider find one that', () => {
  it('does not listen to the signal', async () => {
    const names = await failed(async function* ({ messages }) {
      const question = messages[0]?.content;
      if (question === QUESTIONS.silent) await never;
      yield text('one');
      if (question === QUESTIONS.stalling) await never;
      if (question === QUESTIONS.failing) throw new Error('Broken');
      yield text('two');
      yield text('three');
    });
    expect(names).toEqual([
      'gives nothing where the signal is aborted already',
      'ends or throws soon after the signal aborts',
      'ends or throws when the signal aborts while nothing comes',
      'ends or throws when the signal aborts while nothing more comes',
    ]);
  });

  it('hides that its upstream failed, changes the request and finishes twice', async () => {
    const names = await failed(async function* ({ messages }, { signal }) {
      const question = messages[0]?.content;
      (messages as unknown[]).push({});
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (signal.aborted) return;
      if (question === QUESTIONS.silent) {
        await aborted;
        return;
      }
      yield text('one');
      if (question === QUESTIONS.stalling) {
        await aborted;
        return;
      }
      const finish: LlmPart = { type: 'finish', reason: 'stop' };
      yield [finish, finish];
    });
    expect(names).toEqual([
      'answers in parts, and ends with at most one finish',
      'leaves the request as it is',
      'rejects where the upstream fails',
    ]);
  });

  it('leaves its upstream at work when the reader leaves', async () => {
    let open = 0;
    const parts = [text('one'), text('two')];
    const stream: LlmProvider['stream'] = () => {
      open++;
      let at = 0;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            Promise.resolve(
              at < parts.length ? { done: false, value: parts[at++] ?? [] } : { done: true, value: undefined },
            ),
          return: () => Promise.resolve({ done: true, value: undefined }),
        }),
      };
    };
    const cases = llmProviderCases(() => ({
      provider: { vendor: 'wrong', stream },
      question: 'Hi',
      openCalls: () => open,
    }));
    const leaving = cases.find(({ name }) => name.startsWith('lets the reader leave in the middle'));
    await expect(leaving?.run()).rejects.toThrow('The upstream still works on the call');
  });
});
