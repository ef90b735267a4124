import { describe, expect, it } from 'vitest';
import type { LlmPart, LlmProvider, LlmRequest } from '../../src/index.js';

/** A provider and questions it answers in a known way. */
export interface ProviderUnderTest {
  readonly provider: LlmProvider;
  /** A question with an answer of several parts. */
  readonly question: string;
  /** The whole answer, where it is known. */
  readonly answer?: string;
}

/** What every {@link LlmProvider} has to do. */
export function llmProviderSuite(name: string, make: () => Promise<ProviderUnderTest> | ProviderUnderTest): void {
  const requestOf = (question: string): LlmRequest => ({ messages: [{ role: 'user', content: question }], tools: [] });

  /** All parts, batches opened. */
  async function collect(stream: AsyncIterable<LlmPart | readonly LlmPart[]>): Promise<LlmPart[]> {
    const parts: LlmPart[] = [];
    for await (const element of stream)
      parts.push(...(Array.isArray(element) ? (element as LlmPart[]) : [element as LlmPart]));
    return parts;
  }

  const textOf = (parts: readonly LlmPart[]): string =>
    parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');

  describe(`LlmProvider: ${name}`, () => {
    it('says who it is', async () => {
      expect((await make()).provider.vendor).not.toBe('');
    });

    it('answers in parts, and ends with at most one finish', async () => {
      const { provider, question, answer } = await make();
      const parts = await collect(provider.stream(requestOf(question), { signal: new AbortController().signal }));
      const text = textOf(parts);
      expect(text).not.toBe('');
      if (answer !== undefined) expect(text).toBe(answer);
      expect(parts.filter(({ type }) => type === 'finish').length).toBeLessThanOrEqual(1);
      for (const part of parts) {
        if (part.type !== 'usage') continue;
        expect(Number.isSafeInteger(part.inputTokens) && part.inputTokens >= 0).toBe(true);
        expect(Number.isSafeInteger(part.outputTokens) && part.outputTokens >= 0).toBe(true);
      }
    });

    it('answers several at the same time', async () => {
      const { provider, question } = await make();
      const answers = await Promise.all(
        [1, 2, 3].map(() => collect(provider.stream(requestOf(question), { signal: new AbortController().signal }))),
      );
      const [first, ...others] = answers.map(textOf);
      for (const other of others) expect(other).toBe(first);
    });

    it('leaves the request as it is', async () => {
      const { provider, question } = await make();
      const request = requestOf(question);
      const before = JSON.stringify(request);
      await collect(provider.stream(request, { signal: new AbortController().signal }));
      expect(JSON.stringify(request)).toBe(before);
    });

    it('gives nothing where the signal is aborted already', async () => {
      const { provider, question } = await make();
      const work = async (): Promise<LlmPart[]> =>
        collect(provider.stream(requestOf(question), { signal: AbortSignal.abort() }));
      expect(textOf(await work().catch(() => []))).toBe('');
    });

    it('ends or throws soon after the signal aborts', async () => {
      const { provider, question } = await make();
      const controller = new AbortController();
      let after = 0;
      try {
        for await (const _ of provider.stream(requestOf(question), { signal: controller.signal })) {
          if (controller.signal.aborted) after++;
          controller.abort();
        }
      } catch {
        // Throwing is one way to end.
      }
      expect(after).toBeLessThanOrEqual(1);
    });

    it('lets the reader leave in the middle', async () => {
      const { provider, question } = await make();
      let parts = 0;
      for await (const _ of provider.stream(requestOf(question), { signal: new AbortController().signal })) {
        parts++;
        break;
      }
      expect(parts).toBe(1);
    });
  });
}
