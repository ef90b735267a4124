import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../src/client/react.js';
import { isOpen, turnPairs, turnState } from '../../../src/web/talk/turns.js';

const message = (id: string, fields: object): ChatMessage => ({ id, parts: [], ...fields }) as unknown as ChatMessage;
const asked = (id: string): ChatMessage => message(id, { role: 'user', status: 'complete' });
const answered = (id: string, runId?: string): ChatMessage =>
  message(id, { role: 'assistant', status: 'complete', runId });

describe('questions and answers', () => {
  const shown = (messages: readonly ChatMessage[]) =>
    turnPairs(messages).map(({ key, question, answer }) => [key, question.id, answer?.id]);

  it('stand together, in the order of asking', () => {
    expect(shown([asked('q1'), answered('a1', 'r1'), asked('q2'), answered('a2', 'r2')])).toEqual([
      ['r1', 'q1', 'a1'],
      ['r2', 'q2', 'a2'],
    ]);
  });

  it('are shown where there is no answer, and where there are two', () => {
    expect(shown([asked('q1'), asked('q2'), answered('a2', 'r2'), answered('a3', 'r3')])).toEqual([
      ['q1', 'q1', undefined],
      ['r2', 'q2', 'a2'],
      ['r3', 'q2', 'a3'],
    ]);
  });

  it('leave out an answer whose question is on an older page', () => {
    expect(shown([answered('a0', 'r0'), asked('q1')])).toEqual([['q1', 'q1', undefined]]);
  });
});

describe('how an answer stands', () => {
  const state = (status: string, error?: string, track?: string) =>
    turnState(
      message('a', { role: 'assistant', status, ...(error !== undefined && { error: { code: error } }) }),
      track === undefined ? undefined : ({ state: track } as never),
    );

  it.each([
    ['complete', undefined, undefined, 'finished', false],
    ['cancelled', undefined, undefined, 'cancelled', false],
    ['failed', 'provider_error', undefined, 'failed', false],
    ['failed', 'client_closed', undefined, 'lost', false],
    ['interrupted', 'outcome_unknown', undefined, 'unknown', false],
    ['streaming', undefined, undefined, 'running', true],
    ['streaming', undefined, 'waiting_approval', 'waiting', true],
    ['pending', undefined, 'sending', 'sent', true],
    ['pending', undefined, 'queued', 'queued', true],
  ])('%s with the error %s, its run %s: %s', (status, error, track, expected, isLive) => {
    const stands = state(status, error, track);
    expect([stands, isOpen(message('a', { status }))]).toEqual([expected, isLive]);
  });

  it('is told where the history has none', () => {
    expect(turnState(undefined, undefined)).toBe('unanswered');
  });
});
