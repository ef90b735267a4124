import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LlmPart, LlmProvider, LlmRequest, LlmStreamOptions } from '../../agent/llm-provider.js';
import type { ConformanceCase } from './conformance-case.js';
import { defineCase, type Subject } from './define-case.js';
import { eventually } from './eventually.js';
import { promptly } from './promptly.js';

/** A provider, and a question with a known answer. */
export interface LlmProviderUnderTest extends Subject {
  readonly provider: LlmProvider;
  /** A question with an answer of several parts. */
  readonly question: string;
  /** The complete answer, if it is known. */
  readonly answer?: string;
  /** Number of calls in progress at the upstream, if it can be told. */
  openCalls?(): number;
}

/** Questions without a complete answer. Each adds a case. */
export interface LlmProviderQuestions {
  /** A question that never gets any output. */
  readonly silent?: string;
  /** A question with no further output after at least one part. */
  readonly stalling?: string;
  /** A question that makes the upstream fail, at once or after some parts. */
  readonly failing?: string;
}

type Element = LlmPart | readonly LlmPart[];

function askedBy(signal: AbortSignal): LlmStreamOptions {
  return { signal, principal: { id: 'ada' }, runId: randomUUID() };
}

function requestOf(question: string): LlmRequest {
  return { messages: [{ role: 'user', content: question }], tools: [] };
}

/** Starts a call with a signal that can be aborted. */
function begin(
  { provider }: LlmProviderUnderTest,
  question: string,
): { readonly stream: AsyncIterator<Element>; readonly controller: AbortController } {
  const controller = new AbortController();
  const answer = provider.stream(requestOf(question), askedBy(controller.signal));
  return { stream: answer[Symbol.asyncIterator](), controller };
}

/** Collects the remaining parts, without batches. */
async function collect(stream: AsyncIterator<Element>): Promise<LlmPart[]> {
  const parts: LlmPart[] = [];
  for (;;) {
    const result = await stream.next();
    if (result.done === true) return parts;
    parts.push(...(isBatch(result.value) ? result.value : [result.value]));
  }
}

function isBatch(element: Element): element is readonly LlmPart[] {
  return Array.isArray(element);
}

function textOf(parts: readonly LlmPart[]): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
}

function assertCount(count: number): void {
  assert.ok(Number.isSafeInteger(count) && count >= 0, `${count} is no number of tokens`);
}

/** Asserts that the call has ended at the upstream. */
async function assertEnded(subject: LlmProviderUnderTest): Promise<void> {
  const check = (): void => assert.equal(subject.openCalls?.() ?? 0, 0, 'The upstream still works on the call');
  await eventually(check, 2_000);
}

/** Asserts that an aborted call ends or throws. */
async function assertStops(
  subject: LlmProviderUnderTest,
  next: Promise<unknown>,
  stream: AsyncIterator<Element>,
): Promise<void> {
  await promptly(
    'The end after an abort',
    next.then(() => collect(stream)).catch(() => undefined),
  );
  await assertEnded(subject);
}

/**
 * The requirements of an {@link LlmProvider}.
 * @param make - creates a provider for one case
 */
export function llmProviderCases(
  make: () => LlmProviderUnderTest | Promise<LlmProviderUnderTest>,
  questions: LlmProviderQuestions = {},
): ConformanceCase[] {
  const define = (name: string, check: (subject: LlmProviderUnderTest) => void | Promise<void>): ConformanceCase =>
    defineCase(make, name, check);
  const { silent, stalling, failing } = questions;
  return [
    define('says who it is', ({ provider }) => assert.notEqual(provider.vendor, '')),

    define('answers in parts, and ends with at most one finish', async (subject) => {
      const parts = await collect(begin(subject, subject.question).stream);
      const text = textOf(parts);
      assert.notEqual(text, '');
      if (subject.answer !== undefined) assert.equal(text, subject.answer);
      assert.ok(parts.filter(({ type }) => type === 'finish').length <= 1);
      for (const part of parts) {
        if (part.type !== 'usage') continue;
        assertCount(part.inputTokens);
        assertCount(part.outputTokens);
      }
      await assertEnded(subject);
    }),

    define('answers several at the same time', async (subject) => {
      const answers = await Promise.all([1, 2, 3].map(() => collect(begin(subject, subject.question).stream)));
      const [first, ...others] = answers.map(textOf);
      for (const other of others) assert.equal(other, first);
    }),

    define('leaves the request as it is', async ({ provider, question }) => {
      const request = requestOf(question);
      const before = JSON.stringify(request);
      await collect(provider.stream(request, askedBy(new AbortController().signal))[Symbol.asyncIterator]());
      assert.equal(JSON.stringify(request), before);
    }),

    define('gives nothing where the signal is aborted already', async ({ provider, question }) => {
      const work = async (): Promise<LlmPart[]> => {
        const answer = provider.stream(requestOf(question), askedBy(AbortSignal.abort()));
        return collect(answer[Symbol.asyncIterator]());
      };
      assert.equal(
        textOf(
          await promptly(
            'The end',
            work().catch(() => []),
          ),
        ),
        '',
      );
    }),

    define('ends or throws soon after the signal aborts', async (subject) => {
      const { stream, controller } = begin(subject, subject.question);
      let after = 0;
      try {
        while ((await stream.next()).done !== true) {
          if (controller.signal.aborted) after++;
          controller.abort();
        }
      } catch {
        // An aborted call may throw.
      }
      assert.ok(after <= 1);
      await assertEnded(subject);
    }),

    define('ends or throws when the signal aborts before the first part', async (subject) => {
      const { stream, controller } = begin(subject, subject.question);
      const first = stream.next();
      controller.abort();
      await assertStops(subject, first, stream);
    }),

    define('lets the reader leave in the middle, and ends the upstream call with it', async (subject) => {
      const { stream } = begin(subject, subject.question);
      assert.equal((await stream.next()).done, false);
      await promptly('return()', Promise.resolve(stream.return?.()));
      await assertEnded(subject);
    }),

    define('lets the reader leave before the first part', async (subject) => {
      const { stream } = begin(subject, subject.question);
      await promptly('return()', Promise.resolve(stream.return?.()));
      await assertEnded(subject);
    }),

    ...(silent === undefined
      ? []
      : [
          define('ends or throws when the signal aborts while nothing comes', async (subject) => {
            const { stream, controller } = begin(subject, silent);
            const first = stream.next();
            if (subject.openCalls !== undefined) await eventually(() => assert.equal(subject.openCalls?.(), 1));
            controller.abort();
            await assertStops(subject, first, stream);
          }),
        ]),

    ...(stalling === undefined
      ? []
      : [
          define('ends or throws when the signal aborts while nothing more comes', async (subject) => {
            const { stream, controller } = begin(subject, stalling);
            assert.equal((await stream.next()).done, false);
            const second = stream.next();
            controller.abort();
            await assertStops(subject, second, stream);
          }),
        ]),

    ...(failing === undefined
      ? []
      : [
          define('rejects where the upstream fails', async (subject) => {
            const { stream } = begin(subject, failing);
            await assert.rejects(promptly('The failure', collect(stream)), (error) => {
              assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
              return true;
            });
            await assertEnded(subject);
          }),
        ]),
  ];
}
