import { describe, expect, it } from 'vitest';
import { fitContext, type LlmAttachment, type LlmMessage } from '../../../src/index.js';

const user = (content: string, ...attachments: LlmAttachment[]): LlmMessage => ({ role: 'user', content, attachments });

/** Whether an earlier question with this attachment is left out at so many tokens. */
function isLeftOut(attachment: LlmAttachment, maxTokens: number): boolean {
  const messages = [user('Look', attachment), { role: 'assistant', content: 'I see' } as const, user('And?')];
  return fitContext(messages, maxTokens).length === 1;
}

const ofSize = (bytes: number): string => Buffer.alloc(bytes).toString('base64');

describe('What is attached to a question', () => {
  it.each<[string, LlmAttachment, number]>([
    ['an image', { type: 'image', mediaType: 'image/png', data: ofSize(500_000) }, 1_000],
    ['an image elsewhere', { type: 'image', mediaType: 'image/png', url: 'https://x.example/a.png' }, 1_000],
    ['a text', { type: 'file', mediaType: 'text/plain', data: ofSize(40_000) }, 10_000],
    ['a PDF', { type: 'file', mediaType: 'application/pdf', data: ofSize(60_000) }, 2_000],
  ])('counts as what a model reads in it: %s', (_what, attachment, tokens) => {
    expect([isLeftOut(attachment, tokens - 10), isLeftOut(attachment, tokens + 50)]).toEqual([true, false]);
  });
});
