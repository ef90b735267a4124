import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient, type AgentClient } from '../../src/client/index.js';
import { ConversationsStore } from '../../src/client/react-conversations.js';
import { createMemoryStore } from '../../src/index.js';
import { startServer } from '../helpers/server.js';

const OWNER = 'anna';

/** A server where Anna has conversations `c0` and on, `c0` the one used last; and what shows them. */
async function start(count: number) {
  const store = createMemoryStore();
  const server = await startServer({ store, authenticate: () => ({ id: OWNER }) });
  for (let index = count - 1; index >= 0; index--) {
    await store.conversations.update({ owner: OWNER, id: `c${index}` }, { title: `Conversation ${index}` });
  }
  const connect = (): AgentClient => {
    const client = createAgentClient({ url: server.url, WebSocket });
    onTestFinished(() => client.close());
    return client;
  };
  const client = connect();
  const list = new ConversationsStore(client);
  onTestFinished(list.subscribe(() => undefined));
  const shown = () => list.getSnapshot().conversations.map(({ conversationId }) => conversationId);
  await expect.poll(() => list.getSnapshot().status).toBe('idle');
  return { client, connect, list, shown };
}

/** `c` with the numbers from one on, up to and without another. */
const from = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => `c${start + index}`);

describe('the list of conversations', () => {
  it('loads all, a page at a time', async () => {
    const { list, shown } = await start(120);
    expect(shown()).toEqual(from(0, 50));
    await list.loadMore();
    await list.refresh();
    expect(shown()).toEqual(from(0, 100));
    await Promise.all([list.loadMore(), list.loadMore()]);
    expect(shown()).toEqual(from(0, 120));
    expect(list.getSnapshot().hasMore).toBe(false);
    await list.refresh();
    await list.loadMore();
    expect(shown()).toEqual(from(0, 120));
  });

  it.each([
    ['among those shown', 'c3'],
    ['as the last one shown', 'c49'],
  ])('lets one go that was deleted %s, and reaches all others', async (_where, gone) => {
    const { client, list, shown } = await start(60);
    const rest = from(0, 60).filter((id) => id !== gone);
    await client.conversation(gone).delete();
    // Before the list is read again.
    expect(shown()).toEqual(rest.slice(0, 49));
    await list.refresh();
    expect(shown()).toEqual(rest.slice(0, 50));
    await list.loadMore();
    expect(shown()).toEqual(rest);
    expect(list.getSnapshot().hasMore).toBe(false);
  });

  it('lets one go that another client deleted, behind the page that is read again', async () => {
    const { client, list, shown } = await start(120);
    await list.loadMore();
    await client.conversation('c70').delete();
    await list.refresh();
    expect(shown()).toEqual(from(0, 100).filter((id) => id !== 'c70'));
    expect(list.getSnapshot().hasMore).toBe(true);
  });

  it('begins anew where another client deleted the one that more was to lie behind', async () => {
    const { connect, list, shown } = await start(60);
    await connect().conversation('c49').delete();
    await list.loadMore();
    const rest = from(0, 60).filter((id) => id !== 'c49');
    expect(shown()).toEqual(rest.slice(0, 50));
    await list.loadMore();
    expect(shown()).toEqual(rest);
  });

  it('leaves no hole where more than a page was used meanwhile', async () => {
    const { connect, list, shown } = await start(120);
    await list.loadMore();
    const other = connect();
    const used = Array.from({ length: 60 }, (_, index) => `n${index}`);
    for (const id of used) await other.conversation(id).update({ title: id });
    await list.refresh();
    while (list.getSnapshot().hasMore) await list.loadMore();
    expect(shown()).toEqual([...used.reverse(), ...from(0, 120)]);
  });

  it('reads the newest also where older ones are asked for at the same time', async () => {
    const { connect, list, shown } = await start(60);
    await connect().conversation('c55').update({ title: 'Used again' });
    const refreshed = list.refresh();
    await list.loadMore();
    await refreshed;
    expect(shown()).toEqual(['c55', ...from(0, 55), ...from(56, 60)]);
  });
});
