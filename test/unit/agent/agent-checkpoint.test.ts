import { expect, it } from 'vitest';
import { startAgent } from '../../../src/agent/agent-state.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { decodeCheckpoint, encodeCheckpoint, withAttachments } from '../../../src/agent/agent-checkpoint.js';

it('A checkpoint is without the bytes of attachments, and has whatever else looks like them', async () => {
  const like = { id: 'a', mediaType: 'image/png', data: 'precious' };
  const kept = { ...like, type: 'image' as const };
  const sent = { ...kept, id: undefined };
  const agent = startAgent([{ role: 'user', content: 'q', attachments: [kept, sent] }], {});
  agent.pendingToolCalls = [
    { call: { id: 't', name: 'keep', arguments: '{}', providerData: { like } }, data: [like], announced: true },
  ];
  const approval = { toolCallId: 't', toolName: 'keep', params: { file: like }, expiresAt: 1 };
  const query = { type: 'streaming_query', query: 'q' } as const;
  const checkpoint = encodeCheckpoint({ request: query, agent, approvals: [approval] });
  const read = decodeCheckpoint(checkpoint);
  expect(read.approvals).toEqual([approval]);
  expect(read.agent?.pendingToolCalls).toEqual(agent.pendingToolCalls);
  expect(read.agent?.messages).toMatchObject([{ attachments: [{ id: 'a' }, { data: 'precious' }] }]);
  expect(read.agent?.messages[0]).not.toHaveProperty('attachments.0.data');

  const conversations = new MemoryConversationStore();
  const key = { owner: 'o', id: 'c' };
  const message = { id: 'm', role: 'user', content: 'q', runId: 'r', createdAt: 1 } as const;
  conversations.append(key, [message], [{ id: 'a', bytes: Buffer.from('precious', 'base64') }]);
  const whole = await withAttachments(read.agent?.messages ?? [], conversations, key);
  expect(whole).toMatchObject([{ attachments: [{ id: 'a', data: 'precious' }, { data: 'precious' }] }]);
});
