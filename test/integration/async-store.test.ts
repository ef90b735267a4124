import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type AgentSocketServerOptions, type ConversationStore } from '../../src/index.js';
import { MemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { AsyncDatabase, AsyncRunStore, AsyncToolLedger } from '../helpers/async-store.js';
import { startServer, type TestServer } from '../helpers/server.js';

/** A promise a test resolves. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const never = new Promise<never>(() => undefined);

function startOver(
  database: AsyncDatabase,
  options: Partial<AgentSocketServerOptions> = {},
  conversations: ConversationStore = new MemoryConversationStore(),
): Promise<TestServer> {
  const store = { runs: new AsyncRunStore(database), ledger: new AsyncToolLedger(database), conversations };
  return startServer({ ...options, store: { ...store, close: () => undefined } });
}

const query = (text = 'q', rest: object = {}) => ({
  type: 'streaming_query' as const,
  query: text,
  run_id: randomUUID(),
  ...rest,
});

/** Its id is the server's to choose. */
const anonymousQuery = (text: string, rest: object) => ({ type: 'streaming_query' as const, query: text, ...rest });

const typesOf = (client: TestClient): string[] =>
  client.messages.map(({ type }) => type).filter((t) => t !== 'connected');

/** Fails where a message of the run is missing or comes twice. */
function expectWhole(client: TestClient): void {
  let head = 0;
  for (const message of client.messages) {
    if (!('seq' in message) || message.seq === undefined) continue;
    expect('first_seq' in message && message.first_seq !== undefined ? message.first_seq : message.seq).toBe(head + 1);
    head = message.seq;
  }
  expect(head).toBeGreaterThan(0);
}

async function stateOf(database: AsyncDatabase, id: string): Promise<string | undefined> {
  const run = await new AsyncRunStore(database).open('anonymous', id);
  return run?.state;
}

describe('messages of one connection while a claim is pending', () => {
  it.each(['the run', 'all runs'])('let a cancel of %s wait for the query it means', async (which) => {
    const database = new AsyncDatabase();
    const claim = gate();
    database.delay = (operation) => (operation === 'create' ? claim.opened : Promise.resolve());
    const provider = createScriptedProvider([never]);
    const client = await TestClient.connect((await startOver(database, { provider })).url);
    const request = query();
    client.send(request);
    client.send({ type: 'cancel', ...(which === 'the run' && { run_id: request.run_id }), request_id: 'c' });
    client.send({ type: 'ping' });
    await client.next('pong');
    // What needs no store does not wait.
    expect(typesOf(client)).toEqual(['pong']);
    claim.open();
    const reply = await client.next('cancelled', ({ request_id: id }) => id === 'c');
    expect(reply).toMatchObject({ outcome: 'cancelled', run_ids: [request.run_id] });
    expect(typesOf(client).filter((type) => type !== 'stream_start')).toEqual([
      'pong',
      'accepted',
      'cancelled',
      'cancelled',
    ]);
    await vi.waitFor(async () => expect(await stateOf(database, request.run_id)).toBe('cancelled'));
  });

  it('keep the order of queries, resumes, watches and approvals', async () => {
    const database = new AsyncDatabase();
    // The first claim takes the longest.
    const claims = [30, 20, 10];
    database.delay = (operation) =>
      new Promise((resolve) => setTimeout(resolve, operation === 'create' ? (claims.shift() ?? 0) : 0));
    const client = await TestClient.connect((await startOver(database)).url);
    const [first, second] = [query('1', { conversation_id: 'c' }), query('2', { conversation_id: 'c' })];
    client.send(first);
    client.send({ type: 'resume', run_id: first.run_id, after: 0, request_id: 'resume' });
    client.send(second);
    client.send({ type: 'watch', conversation_id: 'c', active: true });
    client.send({ type: 'approval', run_id: first.run_id, tool_call_id: 'none', approved: true, request_id: 'a' });
    await client.next('stream_end', ({ run_id: id }) => id === first.run_id);
    await client.next('stream_end', ({ run_id: id }) => id === second.run_id);
    const refused = await client.next('error');
    expect(refused).toMatchObject({ code: 'approval_not_found', request_id: 'a' });
    const order = client.messages.flatMap((message) => {
      if (message.type === 'accepted') return [`accepted ${message.run_id === first.run_id ? 1 : 2}`];
      return ['resumed', 'watching', 'error'].includes(message.type) ? [message.type] : [];
    });
    expect(order).toEqual(['accepted 1', 'resumed', 'accepted 2', 'watching', 'error']);
  });
});

describe('requests at the same moment', () => {
  it('are executed once where they are the same', async () => {
    const database = new AsyncDatabase();
    const provider = createScriptedProvider(['Hello']);
    const { url } = await startOver(database, { provider });
    const clients = await Promise.all([1, 2, 3].map(() => TestClient.connect(url)));
    const request = query();
    for (const client of clients) {
      client.send(request);
      client.send(request);
    }
    for (const client of clients) {
      expect(await client.next('stream_chunk')).toMatchObject({ content: 'Hello', run_id: request.run_id });
      await client.next('stream_end');
    }
    expect(provider.calls).toHaveLength(1);
    expect(database.done.filter((operation) => operation === 'create')).toHaveLength(1);
  });

  it('share neither the turn of a conversation nor the room of the server', async () => {
    const database = new AsyncDatabase();
    const claim = gate();
    database.delay = (operation) => (operation === 'create' ? claim.opened : Promise.resolve());
    const provider = createScriptedProvider([never]);
    const bytes = { maxLogBytes: 100_000, maxLogBytesPerOwner: 100_000, maxLogBytesPerAddress: 100_000 };
    const { url, agent } = await startOver(database, { provider, ...bytes });
    const clients = await Promise.all([1, 2].map(() => TestClient.connect(url)));
    const busy = { conversation_id: 'c', when_busy: 'reject' };
    for (const client of clients) client.send(anonymousQuery('q', busy));
    await vi.waitFor(() => expect(clients.flatMap((client) => client.all('error'))).toHaveLength(1));
    expect(clients.flatMap((client) => client.all('error'))).toMatchObject([{ code: 'conversation_busy' }]);
    const large = 'x'.repeat(60_000);
    for (const client of clients) client.send(anonymousQuery(large, {}));
    // The one that was refused has no claim before it and asks at once; the other asks behind its first.
    claim.open();
    await vi.waitFor(() => expect(clients.flatMap((client) => client.all('error'))).toHaveLength(2));
    expect(clients.flatMap((client) => client.all('error'))[1]).toMatchObject({ code: 'too_many_runs' });
    await vi.waitFor(() => expect(agent.runs.size).toBe(2));
  });

  it('take their turns in the order in which they asked, and move up where a claim before them fails', async () => {
    const database = new AsyncDatabase();
    const claim = gate();
    database.delay = (operation) => (operation === 'create' ? claim.opened : Promise.resolve());
    let failures = 1;
    database.fails = (operation) => operation === 'create' && failures-- > 0;
    const provider = createScriptedProvider(({ messages }) => [String(messages.at(-1)?.content)]);
    const { url } = await startOver(database, { provider });
    const clients = await Promise.all([1, 2, 3].map(() => TestClient.connect(url)));
    for (const [index, client] of clients.entries()) {
      client.send(anonymousQuery(String(index), { conversation_id: 'c' }));
      await vi.waitFor(() =>
        expect(database.asked.filter((operation) => operation === 'create')).toHaveLength(index + 1),
      );
    }
    claim.open();
    expect(await clients[0]?.next('error')).toMatchObject({ code: 'internal_error' });
    for (const client of clients.slice(1)) await client.next('stream_end');
    expect(clients.slice(1).map((client) => client.all('accepted')[0]?.state)).toEqual(['accepted', 'queued']);
    expect(provider.calls.map(({ request: { messages } }) => messages.at(-1)?.content)).toEqual(['1', '2']);
  });

  it('replace one another though the first is not claimed yet', async () => {
    const database = new AsyncDatabase();
    const claim = gate();
    database.delay = (operation) => (operation === 'create' ? claim.opened : Promise.resolve());
    const provider = createScriptedProvider(['Hello']);
    const { url } = await startOver(database, { provider });
    const clients = await Promise.all([1, 2].map(() => TestClient.connect(url)));
    for (const [index, client] of clients.entries()) {
      client.send(anonymousQuery(String(index), { conversation_id: 'c', when_busy: 'interrupt' }));
      await vi.waitFor(() =>
        expect(database.asked.filter((operation) => operation === 'create')).toHaveLength(index + 1),
      );
    }
    claim.open();
    expect(await clients[0]?.next('cancelled')).toMatchObject({ reason: 'replaced' });
    await clients[1]?.next('stream_end');
  });
});

describe('a claim that fails', () => {
  it.each(['create', 'commit', 'open'] as const)(
    'at "%s" is told to whoever asked, and leaves the id free',
    async (broken) => {
      const database = new AsyncDatabase();
      const provider = createScriptedProvider(['Hello']);
      const { url, agent } = await startOver(database, { provider });
      const client = await TestClient.connect(url);
      const request = query('q', { request_id: 'r', conversation_id: 'c' });
      database.fails = (operation) => operation === broken;
      client.send(request);
      expect(await client.next('error')).toMatchObject({
        code: 'internal_error',
        run_id: request.run_id,
        request_id: 'r',
      });
      expect(provider.calls).toHaveLength(0);
      expect(agent.runs.size).toBe(0);
      database.fails = () => false;
      client.send(request);
      await client.next('stream_end');
      expect(provider.calls).toHaveLength(1);
    },
  );
});

describe('a write that is lost', () => {
  it('in the middle of an answer ends the run, which says so', async () => {
    const database = new AsyncDatabase();
    database.fails = (operation, detail) => operation === 'append' && detail?.includes('three') === true;
    const more = gate();
    const provider = createScriptedProvider(['one ', 'two ', more.opened, 'three ', 'four ', never]);
    const { url, agent } = await startOver(database, { provider });
    const client = await TestClient.connect(url);
    const request = query('q', { conversation_id: 'c' });
    client.send(request);
    await client.next('stream_chunk', ({ content }) => content.includes('two'));
    more.open();
    const end = await client.next('error');
    expect(end).toMatchObject({ code: 'internal_error', run_id: request.run_id });
    expectWhole(client);
    expect(
      client
        .all('stream_chunk')
        .map(({ content }) => content)
        .join(''),
    ).toBe('one two ');
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    await vi.waitFor(async () => expect(await stateOf(database, request.run_id)).toBe('failed'));
    expect(agent.runs.size).toBe(0);
    // The conversation goes on.
    database.fails = () => false;
    client.send(query('again', { conversation_id: 'd' }));
    await client.next('accepted', ({ run_id: id }) => id !== request.run_id);
  });

  it('at the end of an answer makes it a failed one', async () => {
    const database = new AsyncDatabase();
    const { url } = await startOver(database);
    const client = await TestClient.connect(url);
    const request = query();
    database.fails = (_operation, detail) => detail === 'stream_end';
    client.send(request);
    expect(await client.next('error')).toMatchObject({ code: 'internal_error', run_id: request.run_id });
    expect(client.all('stream_end')).toEqual([]);
    expectWhole(client);
    await vi.waitFor(async () => expect(await stateOf(database, request.run_id)).toBe('failed'));
    client.send({ type: 'resume', run_id: request.run_id, after: 0 });
    expect(await client.next('resumed')).toMatchObject({ state: 'failed', head: 3 });
  });

  it('with the error that should tell of it closes the connection, and the run ends when it is asked for again', async () => {
    const database = new AsyncDatabase();
    const { url, agent } = await startOver(database);
    const client = await TestClient.connect(url);
    const request = query();
    client.send(request);
    database.fails = (_operation, detail) => detail === 'stream_end' || detail === 'error' || detail === 'failed';
    expect(await client.closed).toMatchObject({ code: 1011 });
    await vi.waitFor(() => expect(agent.runs.size).toBe(0));
    database.fails = () => false;
    const back = await TestClient.connect(url);
    back.send({ type: 'resume', run_id: request.run_id, after: 0 });
    expect(await back.next('error')).toMatchObject({ code: 'run_interrupted', run_id: request.run_id });
    await vi.waitFor(async () => expect(await stateOf(database, request.run_id)).toBe('interrupted'));
  });
});

describe('a conversation that is kept later', () => {
  const Conversations: new () => ConversationStore = MemoryConversationStore;
  /** Keeps what it is given when the test lets it. */
  class LateConversations extends Conversations {
    readonly kept = gate();
    isFull = false;

    override async append(...given: Parameters<ConversationStore['append']>): Promise<void> {
      const [, messages] = given;
      if (messages.some(({ role }) => role === 'assistant')) {
        await this.kept.opened;
        if (this.isFull) throw new Error('full');
      }
      await super.append(...given);
    }
  }

  it('has an answer before its end is told', async () => {
    const conversations = new LateConversations();
    const client = await TestClient.connect((await startOver(new AsyncDatabase(), {}, conversations)).url);
    const request = query('q', { conversation_id: 'c' });
    client.send(request);
    await client.next('stream_chunk');
    client.send({ type: 'history', conversation_id: 'c', request_id: 'early' });
    expect((await client.next('history')).messages.map(({ role }) => role)).toEqual(['user']);
    expect(client.all('stream_end')).toEqual([]);
    conversations.kept.open();
    await client.next('stream_end');
    client.send({ type: 'history', conversation_id: 'c', request_id: 'late' });
    const { messages } = await client.next('history', ({ request_id: id }) => id === 'late');
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('makes an answer it cannot keep a failed one', async () => {
    const conversations = new LateConversations();
    conversations.isFull = true;
    conversations.kept.open();
    const client = await TestClient.connect((await startOver(new AsyncDatabase(), {}, conversations)).url);
    client.send(query('q', { conversation_id: 'c' }));
    expect(await client.next('error')).toMatchObject({ code: 'internal_error' });
    expect(client.all('stream_end')).toEqual([]);
  });
});

describe('a confirmation that cannot be committed', () => {
  it('is not given', async () => {
    const database = new AsyncDatabase();
    const provider = createScriptedProvider(['part', never]);
    const client = await TestClient.connect((await startOver(database, { provider })).url);
    const request = query();
    client.send(request);
    await client.next('stream_chunk');
    database.fails = (operation) => operation === 'commit';
    client.send({ type: 'cancel', run_id: request.run_id, request_id: 'c' });
    expect(await client.next('error')).toMatchObject({ code: 'internal_error', request_id: 'c' });
  });
});

describe('after a restart', () => {
  it('runs of the process before are interrupted before anything is answered', async () => {
    const database = new AsyncDatabase();
    const provider = createScriptedProvider(['part', never]);
    const before = await TestClient.connect((await startOver(database, { provider })).url);
    const request = query();
    before.send(request);
    await before.next('stream_chunk');
    const left = gate();
    database.fails = (operation) => operation === 'unfinished';
    const server = await startOver(database);
    const client = await TestClient.connect(server.url);
    client.send({ type: 'ping' });
    await client.next('pong');
    // Never an empty list in place of one that cannot be read.
    client.send({ type: 'list_runs', request_id: 'l' });
    expect(await client.next('error')).toMatchObject({ code: 'internal_error', request_id: 'l' });
    expect((await fetch(`${server.origin}/readyz`)).status).toBe(503);
    database.fails = () => false;
    database.delay = (operation) => (operation === 'unfinished' ? left.opened : Promise.resolve());
    client.send({ type: 'resume', run_id: request.run_id, after: 0 });
    client.send({ type: 'ping' });
    await client.next('pong', () => client.all('pong').length === 2);
    expect(client.all('resumed')).toEqual([]);
    left.open();
    await client.next('resumed');
    expect(await client.next('stream_chunk')).toMatchObject({ content: 'part' });
    expect(await client.next('error', ({ run_id: id }) => id === request.run_id)).toMatchObject({
      code: 'run_interrupted',
    });
    expect((await fetch(`${server.origin}/readyz`)).status).toBe(200);
  });
});
