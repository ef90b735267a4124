import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { ScriptedServer, type Frame, type ScriptedPeer } from '../helpers/scripted-server.js';
import { ComponentPage } from './component-page.js';

let shown: ComponentPage;
let page: Page;
let server: ScriptedServer;

beforeAll(async () => {
  shown = await ComponentPage.load(new URL('react-page.js', import.meta.url));
  ({ page } = shown);
});
afterAll(() => shown.close());

beforeEach(async () => {
  server = await ScriptedServer.start();
  await shown.begin({ serverUrl: server.url });
});
afterEach(() => shown.end());

const PATIENT = { timeout: 20_000 };
const says = (id: string) => expect.poll(() => page.locator(`#${id}`).textContent(), PATIENT);
const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
const messages = () => expect.poll(() => page.locator('li').allTextContents(), PATIENT);

/** Answers every request for the history from now on with these messages. */
function answerHistory(
  peer: ScriptedPeer,
  stored: Record<string, unknown>[],
  hasMore = false,
  from = 1,
): Promise<Frame> {
  const reply = async (n: number): Promise<Frame> => {
    const asked = await peer.next('history', n);
    peer.send({
      type: 'history',
      conversation_id: asked['conversation_id'],
      messages: stored,
      has_more: hasMore,
      request_id: asked['request_id'],
    });
    return asked;
  };
  return reply(from);
}

const said = (id: string, role: string, content: string, runId: string) => ({
  id,
  role,
  content,
  run_id: runId,
  created_at: 1,
});

async function historyRead(peer: ScriptedPeer, stored: Record<string, unknown>[], hasMore = false): Promise<number> {
  await answerHistory(peer, stored, hasMore, 1);
  return 1;
}

describe('useAgentRun', () => {
  it('shows an answer as it is written, tools and decisions included, over a broken connection', async () => {
    await says('state').toBe('idle');
    const peer = await server.peer();
    await click('Ask');
    const asked = await peer.next('streaming_query');
    const run_id = asked['run_id'];
    peer.send(
      { type: 'accepted', run_id, state: 'accepted' },
      { type: 'stream_start', run_id, seq: 1 },
      { type: 'stream_reasoning', content: 'Hm', run_id, seq: 2 },
      { type: 'stream_tool_call', tool_call_id: 't', tool_name: 'rm', params: {}, run_id, seq: 3 },
      {
        type: 'approval_request',
        tool_call_id: 't',
        tool_name: 'rm',
        params: {},
        expires_in_ms: 9_000,
        run_id,
        seq: 4,
      },
    );
    await says('state').toBe('waiting_approval');
    await says('reasoning').toBe('Hm');
    await says('tools').toBe('rm:false');
    await click('Allow rm');
    expect(await peer.next('approval')).toMatchObject({ tool_call_id: 't', approved: true });
    peer.send(
      { type: 'approval_resolved', tool_call_id: 't', approved: true, by: 'principal', run_id, seq: 5 },
      { type: 'stream_tool_result', tool_call_id: 't', tool_name: 'rm', result: 1, run_id, seq: 6 },
      { type: 'stream_chunk', content: 'Hel', run_id, seq: 7 },
    );
    await says('tools').toBe('rm:true');
    await says('text').toBe('Hel');
    peer.drop();
    const second = await server.peer(2);
    const resume = await second.next('resume');
    second.send(
      { type: 'resumed', run_id, after: 7, head: 9, state: 'finished', request_id: resume['request_id'] },
      { type: 'stream_chunk', content: 'lo', run_id, seq: 8 },
      { type: 'stream_end', run_id, seq: 9 },
    );
    await says('text').toBe('Hello');
    await says('state').toBe('finished');
    await says('error').toBe('');
  });

  it('cancels, and shows why there is no whole answer', async () => {
    const peer = await server.peer();
    await click('Ask');
    const { run_id } = await peer.next('streaming_query');
    peer.send({ type: 'stream_start', run_id, seq: 1 }, { type: 'stream_chunk', content: 'Hel', run_id, seq: 2 });
    await says('text').toBe('Hel');
    await click('Cancel');
    await peer.next('cancel');
    peer.send({ type: 'cancelled', reason: 'requested', run_id, seq: 3 });
    await says('state').toBe('cancelled');
    await says('error').toBe('cancelled');
    await says('text').toBe('Hel');
  });

  it('renders once per frame however much text comes', async () => {
    const peer = await server.peer();
    await click('Ask');
    const { run_id } = await peer.next('streaming_query');
    const before = Number(await page.evaluate('globalThis.renders'));
    peer.send({ type: 'stream_start', run_id, seq: 1 });
    for (let seq = 2; seq < 2_002; seq++) peer.send({ type: 'stream_chunk', content: 'x', run_id, seq });
    peer.send({ type: 'stream_end', run_id, seq: 2_002 });
    await says('state').toBe('finished');
    expect((await page.locator('#text').textContent())?.length).toBe(2_000);
    // Strict mode counts every render twice.
    expect(Number(await page.evaluate('globalThis.renders')) - before).toBeLessThan(400);
  });
});

describe('useConversation', () => {
  it('shows the history, asks, and takes the stored messages for its own', async () => {
    const peer = await server.peer();
    const old = [said('m1', 'user', 'Hi', 'r0'), said('m2', 'assistant', 'Hello', 'r0')];
    const read = await historyRead(peer, old);
    await messages().toEqual(['user|Hi|complete', 'assistant|Hello|complete']);
    await says('status').toBe('idle');
    await click('Send');
    const asked = await peer.next('streaming_query');
    const runId = String(asked['run_id']);
    expect(asked).toMatchObject({ conversation_id: 'c1', query: 'And now?' });
    const shown = ['user|Hi|complete', 'assistant|Hello|complete', 'user|And now?|complete'];
    await messages().toEqual([...shown, 'assistant||pending']);
    peer.send(
      { type: 'stream_start', run_id: runId, seq: 1 },
      { type: 'stream_chunk', content: 'Go on', run_id: runId, seq: 2 },
    );
    await messages().toEqual([...shown, 'assistant|Go on|streaming']);
    await says('status').toBe('answering');
    peer.send({ type: 'stream_end', run_id: runId, seq: 3 });
    await messages().toEqual([...shown, 'assistant|Go on|complete']);
    const stored = [...old, said('m3', 'user', 'And now?', runId), said('m4', 'assistant', 'Go on', runId)];
    await answerHistory(peer, stored, false, read + 1);
    await messages().toEqual([...shown, 'assistant|Go on|complete']);
    await says('status').toBe('idle');
  });

  it('takes over what a server has rendered, also when the history is loaded already', async () => {
    const peer = await server.peer();
    await historyRead(peer, [said('q', 'user', 'Why?', 'r0'), said('a', 'assistant', 'Because.', 'r0')]);
    await messages().toEqual(['user|Why?|complete', 'assistant|Because.|complete']);
    // A difference between what the server rendered and what the page begins with is a complaint of the browser.
    await page.evaluate('globalThis.hydrateIsland()');
    await says('island').toBe('connected idle 2');
  });

  it('loads what is older', async () => {
    const peer = await server.peer();
    const newest = [said('m3', 'user', 'Again', 'r1'), said('m4', 'assistant', 'Hello again', 'r1')];
    const read = await historyRead(peer, newest, true);
    await click('Older');
    const older = [said('m1', 'user', 'Hi', 'r0'), said('m2', 'assistant', 'Hello', 'r0')];
    const asked = await answerHistory(peer, older, false, read + 1);
    expect(asked['before']).toBe('m3');
    await messages().toEqual([
      'user|Hi|complete',
      'assistant|Hello|complete',
      'user|Again|complete',
      'assistant|Hello again|complete',
    ]);
    expect(await page.getByRole('button', { name: 'Older' }).count()).toBe(0);
  });

  it('shows no answer whose beginning is on an older page before it has that', async () => {
    const peer = await server.peer();
    const read = await historyRead(peer, [said('m4', 'assistant', 'to that', 'r1')], true);
    const asked = await answerHistory(
      peer,
      [
        said('m1', 'assistant', 'Before', 'r0'),
        said('m2', 'user', 'And?', 'r1'),
        said('m3', 'assistant', 'The answer ', 'r1'),
      ],
      true,
      read + 1,
    );
    expect(asked['before']).toBe('m4');
    await messages().toEqual(['user|And?|complete', 'assistant|The answer to that|complete']);
    await click('Older');
    expect((await peer.next('history', read + 2))['before']).toBe('m2');
  });

  it('shows what another tab asks, and reads the history again after a lost connection', async () => {
    const peer = await server.peer();
    await historyRead(peer, []);
    await peer.next('watch');
    const run_id = '5f0c0a52-6c0f-4d0e-8a54-0d3a3b1f2c11';
    peer.send(
      {
        type: 'run_started',
        conversation_id: 'c1',
        run_id,
        kind: 'streaming_query',
        query: 'From there',
        state: 'running',
      },
      { type: 'stream_start', run_id, seq: 1 },
      { type: 'stream_chunk', content: 'Yes', run_id, seq: 2 },
    );
    await messages().toEqual(['user|From there|complete', 'assistant|Yes|streaming']);
    peer.drop();
    const second = await server.peer(2);
    await second.next('watch');
    const resume = await second.next('resume');
    second.send({
      type: 'error',
      error: 'Gone',
      code: 'run_not_found',
      retryable: false,
      run_id,
      request_id: resume['request_id'],
    });
    await messages().toEqual(['user|From there|complete', 'assistant|Yes|failed']);
    const stored = [said('m1', 'user', 'From there', run_id), said('m2', 'assistant', 'Yes, it is', run_id)];
    await answerHistory(second, stored, false, 1);
    await messages().toEqual(['user|From there|complete', 'assistant|Yes, it is|complete']);
  });

  it('keeps a question that was refused, and says that it failed', async () => {
    const peer = await server.peer();
    await historyRead(peer, []);
    await click('Send');
    const asked = await peer.next('streaming_query');
    peer.send({
      type: 'error',
      error: 'Busy',
      code: 'conversation_busy',
      retryable: true,
      run_id: asked['run_id'],
      request_id: asked['request_id'],
    });
    await messages().toEqual(['user|And now?|complete', 'assistant||failed']);
    await says('status').toBe('idle');
  });

  it('stops every run in progress', async () => {
    const peer = await server.peer();
    await historyRead(peer, []);
    await click('Send');
    await click('Send');
    await peer.next('streaming_query', 2);
    await click('Stop');
    await peer.next('cancel', 2);
    for (const { run_id } of peer.all('cancel')) peer.send({ type: 'cancelled', reason: 'requested', run_id, seq: 1 });
    await messages().toEqual([
      'user|And now?|complete',
      'assistant||cancelled',
      'user|And now?|complete',
      'assistant||cancelled',
    ]);
  });

  it('says why the history cannot be read', async () => {
    const peer = await server.peer();
    const { request_id } = await peer.next('history');
    peer.send({ type: 'error', error: 'No', code: 'forbidden', retryable: false, request_id });
    await says('chat-error').toBe('forbidden');
  });

  it('shows another conversation, and watches nothing once it is gone', async () => {
    const peer = await server.peer();
    const read = await historyRead(peer, [said('m1', 'user', 'Hi', 'r0')]);
    await messages().toEqual(['user|Hi|complete']);
    await click('Other conversation');
    const asked = await answerHistory(peer, [said('n1', 'user', 'There', 'r1')], false, read + 1);
    expect(asked['conversation_id']).toBe('c2');
    await messages().toEqual(['user|There|complete']);
    await click('Toggle');
    const watched = () =>
      peer.all('watch').reduce<Record<string, unknown>>((now, { conversation_id, active }) => {
        return { ...now, [String(conversation_id)]: active !== false };
      }, {});
    await expect.poll(watched, PATIENT).toEqual({ c1: false, c2: false });
  });
});
