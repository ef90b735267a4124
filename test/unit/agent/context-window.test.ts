import { describe, expect, it, vi } from 'vitest';
import { fitContext, type LlmAttachment, type LlmMessage } from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createEngine } from '../run/harness.js';

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

describe('a question that alone is too long', () => {
  const refused = { code: 'context_too_long', retryable: false };

  it.each([{}, { conversation_id: 'c' }])('is refused before it becomes a run: %j', async (place) => {
    const provider = createScriptedProvider(['Hello']);
    const engine = createEngine({ provider, maxContextTokens: 100 });
    const peer = engine.connect();
    peer.send({ type: 'agent_query', query: 'x'.repeat(401), ...place });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([refused]));
    expect(peer.ofType('accepted')).toEqual([]);
    peer.send({ type: 'agent_query', query: 'x'.repeat(400), ...place });
    await vi.waitFor(() => expect(peer.ofType('agent_response')).toHaveLength(1));
    expect(provider.calls).toHaveLength(1);
  });

  it('is refused with its attachments, also if it takes them over from the question that it replaces', async () => {
    const provider = { ...createScriptedProvider(['Hello']), accepts: ['file'] as const };
    const conversations = new MemoryConversationStore();
    const attachments = [{ type: 'file', media_type: 'text/plain', name: 'a', data: btoa('x'.repeat(396)) }];
    const peer = createEngine({ provider, conversations, maxContextTokens: 100 }).connect();
    const query = { type: 'agent_query', query: 'one', conversation_id: 'c', attachments };
    peer.send({ ...query, query: 'x'.repeat(5) });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([refused]));
    peer.send(query);
    await vi.waitFor(() => expect(peer.ofType('agent_response')).toHaveLength(1));
    const [question] = conversations.read({ owner: 'owner', id: 'c' }, { limit: 1_000 }).items;
    peer.send({ ...query, query: 'x'.repeat(5), attachments: undefined, replace_from: question?.id });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([refused, refused]));
    expect(peer.ofType('agent_response')).toHaveLength(1);
  });
});
