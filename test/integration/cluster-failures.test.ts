import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClusterProcesses, type ClusterNode, LEASE_MS, slowness } from '../helpers/cluster-processes.js';
import { question, serviceAt, startStreams, type Streams } from '../helpers/cluster-streams.js';
import { Gate, type Script } from '../helpers/openai-upstream.js';
import { missingRedis, missingSlowFsync, redisServerOfFile } from '../helpers/redis.js';
import { IS_LONG } from '../helpers/schedules.js';
import { Viewer } from '../helpers/viewer.js';

/** What Redis tells the disk takes that long, so that it has not written down what it has answered. */
const redis = redisServerOfFile(missingSlowFsync() === '' ? { fsync: 'everysec', slowFsyncMs: 1_500 } : {});

let cluster: ClusterProcesses;
let end: (() => Promise<void>) | undefined;

const nodeAt = (index: number): ClusterNode => serviceAt(cluster, index);
const stream = (count: number): Promise<Streams> => startStreams(cluster, count);
const call = (name: string, what: string): Script => ({ toolCalls: [{ name, arguments: JSON.stringify({ what }) }] });

/** How long it may take until others have ended the runs of a node that is gone. */
const reapMs = (): number => LEASE_MS + 2_000 * slowness();

describe(`a cluster of processes${missingRedis()}`, { skip: missingRedis() !== '', timeout: 120_000 }, () => {
  beforeAll(async () => {
    cluster = await ClusterProcesses.start(redis.port);
    end = () => cluster.end();
  });
  afterAll(() => end?.());
  beforeEach(() => cluster.whole());

  it('executes a request once that is sent to all nodes at the same moment', async () => {
    const { query, tokens, text } = question();
    cluster.upstream.reply({ tokens });
    const first = new Viewer();
    const viewers = [first, first.another(), first.another()];
    await Promise.all(viewers.map((viewer, i) => viewer.ask(nodeAt(i), query)));
    await Promise.all(viewers.map((viewer) => viewer.end()));
    expect(viewers.map((viewer) => viewer.text)).toEqual([text, text, text]);
    expect(cluster.asked(query)).toHaveLength(1);
  });

  it('loses nothing that others host if a node is killed, and ends what the node did, once', async () => {
    const [a, b] = cluster.services;
    const [read, hosted, acts] = [question(), question(), question()];
    // One for each answer: what is let through is for whoever comes first.
    const [readGate, hostedGate] = [new Gate(), new Gate()];
    cluster.upstream.reply(({ messages }) => {
      const asked = messages.at(-1)?.content;
      if (asked === acts.query) return call('hang', acts.query);
      return asked === read.query ? { ...read, gate: readGate } : { ...hosted, gate: hostedGate };
    });
    const asker = await new Viewer().ask(a, read.query);
    const reader = await asker.another().resume(b);
    const host = await new Viewer().ask(b, hosted.query, { conversation_id: 'a' });
    const watcher = await host.another().resume(a);
    const tool = await new Viewer().ask(b, acts.query);
    const toolWatcher = await tool.another().resume(a);
    for (const gate of [readGate, hostedGate]) gate.release(20);
    await Promise.all([reader.shows(1), watcher.shows(1)]);
    await vi.waitFor(() => expect(cluster.acted(acts.query)).toBe(1));
    const shown = watcher.text;

    await b.kill();
    const killedAt = performance.now();
    // Whoever read at the node reads on at another one.
    await reader.resume(a);
    const end = await watcher.end();
    expect(performance.now() - killedAt).toBeLessThan(reapMs());
    expect(end).toMatchObject({ type: 'error', code: 'run_interrupted', retryable: true });
    expect(hosted.text.startsWith(watcher.text)).toBe(true);
    expect(watcher.text.startsWith(shown)).toBe(true);
    await host.resume(a);
    await host.end();
    expect(host.text).toBe(watcher.text);
    // The conversation knows what there was, and is free.
    host.client.send({ type: 'history', conversation_id: 'a' });
    expect((await host.next('history')).messages).toMatchObject([
      { role: 'user', content: hosted.query },
      { role: 'assistant', content: watcher.text, status: 'interrupted' },
    ]);

    expect(await toolWatcher.end()).toMatchObject({ code: 'run_interrupted' });
    expect(await toolWatcher.next('stream_tool_result')).toMatchObject({ error: { code: 'outcome_unknown' } });
    expect(cluster.acted(acts.query)).toBe(1);

    readGate.release(Infinity);
    await Promise.all([reader.end(), asker.end()]);
    expect([reader.text, asker.text]).toEqual([read.text, read.text]);
    for (const { query } of [read, hosted, acts]) expect(cluster.asked(query)).toHaveLength(1);
  });

  it('ends the run of a worker that is killed, and begins the next one at another', async () => {
    const [a, , c] = cluster.services;
    const { query, tokens, text } = question();
    const gate = new Gate();
    cluster.upstream.reply({ tokens, gate });
    const asker = await new Viewer().ask(c, query);
    const reader = await asker.another().resume(a);
    gate.release(10);
    await Promise.all([asker.shows(1), reader.shows(1)]);
    await cluster.worker.kill();
    // Takes its time meanwhile.
    void cluster.whole();
    expect(await asker.end()).toMatchObject({ code: 'run_interrupted' });
    await reader.end();
    expect(reader.text).toBe(asker.text);
    expect(text.startsWith(reader.text)).toBe(true);
    const next = question();
    cluster.upstream.reply({ tokens: next.tokens });
    const waits = await new Viewer().ask(c, next.query);
    await cluster.whole();
    await waits.end();
    expect(waits.text).toBe(next.text);
    for (const asked of [query, next.query]) expect(cluster.asked(asked)).toHaveLength(1);
  });

  it('refuses what a host writes that stood still for longer than a lease', async () => {
    const [a, b, c] = cluster.services;
    const { query, tokens, text } = question();
    const gate = new Gate();
    cluster.upstream.reply({ tokens, gate });
    const asker = await new Viewer().ask(b, query);
    const readers = await Promise.all([a, c].map((node) => asker.another().resume(node)));
    gate.release(10);
    await Promise.all([asker, ...readers].map((viewer) => viewer.shows(1)));
    b.stop();
    await Promise.all(
      readers.map(async (viewer) => expect(await viewer.end()).toMatchObject({ code: 'run_interrupted' })),
    );
    const ended = readers[0]?.text ?? '';
    expect(text.startsWith(ended)).toBe(true);
    // The model has said everything meanwhile.
    gate.release(Infinity);
    b.cont();
    expect((await asker.closed()).code).toBe(1012);
    await asker.resume(b);
    expect(await asker.end()).toMatchObject({ code: 'run_interrupted' });
    const late = await asker.another().resume(c);
    await late.end();
    expect([asker.text, readers[1]?.text, late.text]).toEqual([ended, ended, ended]);
    expect(await b.metric('agent_ws_cluster_fenced_runs_total')).toBeGreaterThan(0);
    expect(cluster.asked(query)).toHaveLength(1);
  });

  it('takes one decision of two tabs at two nodes', async () => {
    const [a, b, c] = cluster.services;
    const { query } = question();
    cluster.upstream.reply(({ messages }) =>
      messages.at(-1)?.role === 'tool' ? { tokens: ['Done: ', messages.at(-1)?.content ?? ''] } : call('pay', query),
    );
    const asker = await new Viewer().ask(a, query);
    const tabs = await Promise.all([b, c].map((node) => asker.another().resume(node)));
    const requests = await Promise.all(tabs.map((tab) => tab.next('approval_request')));
    for (const [i, tab] of tabs.entries()) {
      const tool_call_id = requests[i]?.tool_call_id ?? '';
      tab.client.send({
        type: 'approval',
        run_id: tab.reader.runId,
        tool_call_id,
        approved: i === 0,
        request_id: 'mine',
      });
    }
    await Promise.all([asker, ...tabs].map((viewer) => viewer.end()));
    // The replies to the tabs are not of the log, and may come after its end.
    await Promise.all(tabs.map((tab) => tab.until(() => tab.client.all('approval_resolved').length === 2)));
    const resolved = [asker, ...tabs].map(({ client }) => client.all('approval_resolved'));
    const standing = resolved[0]?.[0]?.approved;
    expect(resolved.flat().map(({ approved }) => approved)).toEqual(Array<unknown>(5).fill(standing));
    expect(cluster.acted(query)).toBe(standing === true ? 1 : 0);
    expect(tabs[0]?.text).toBe(asker.text);
    expect(cluster.asked(query)).toHaveLength(2);
  });

  it('ends the runs of a node that cannot reach Redis, and moves its readers when it can again', async () => {
    const [a, b] = cluster.services;
    const { query, tokens, text } = question();
    const gate = new Gate();
    cluster.upstream.reply({ tokens, gate });
    const asker = await new Viewer().ask(b, query);
    const reader = await asker.another().resume(a);
    gate.release(10);
    await Promise.all([asker.shows(1), reader.shows(1)]);
    cluster.proxy.stall();
    gate.release(Infinity);
    expect(await reader.end()).toMatchObject({ code: 'run_interrupted' });
    expect(text.startsWith(reader.text)).toBe(true);
    cluster.proxy.resume();
    expect((await asker.closed()).code).toBe(1012);
    await asker.resume(b);
    await asker.end();
    expect(asker.text).toBe(reader.text);
    expect(cluster.asked(query)).toHaveLength(1);
  });

  it('loses nothing if the subscriptions of all nodes are cut twenty times', async () => {
    const { check, say } = await stream(40);
    for (let cut = 0; cut < 20; cut++) {
      say(2);
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    }
    await check();
  });

  const kills: [string, number][] = [
    [
      `ends at once and is started again${missingSlowFsync() === '' ? ', having lost what it acknowledged' : ''}`,
      2_000,
    ],
    ['ends at once and is away for 30 s', 30_000],
  ];
  it.each(IS_LONG ? kills : kills.slice(0, 1))('loses nothing if Redis %s', async (_, ms) => {
    const { viewers, check, say } = await stream(60);
    const saying = setInterval(() => say(1), 100);
    onTestFinished(() => clearInterval(saying));
    await Promise.all(viewers.map((viewer) => viewer.shows(2_000)));
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, ms));
    await redis.restart();
    await check();
  });

  // Longer than a connection may be silent, and than a lease.
  const silenceMs = IS_LONG ? 8_000 : 6_500;
  it(`loses nothing if Redis does not answer for ${silenceMs / 1_000} s`, async () => {
    const { viewers, check, say } = await stream(40);
    say(20);
    await Promise.all(viewers.map((viewer) => viewer.shows(500)));
    redis.stop();
    say(10);
    await new Promise((resolve) => setTimeout(resolve, silenceMs));
    redis.cont();
    await check();
  });

  it('tells everybody at once if Redis has lost everything', async () => {
    const { viewers, say, checkAsked } = await stream(20);
    say(5);
    await Promise.all(viewers.map((viewer) => viewer.shows(1)));
    const epochs = viewers.map(({ client }) => client.connected.epoch);
    const before = performance.now();
    await redis.call('FLUSHALL');
    say(Infinity);
    const ends = await Promise.all(viewers.map((viewer) => viewer.closed()));
    expect(performance.now() - before).toBeLessThan(5_000 * slowness());
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([1012]));
    for (const [i, viewer] of viewers.entries()) {
      await viewer.connect(cluster.services[0]);
      expect(viewer.client.connected.epoch).not.toBe(epochs[i]);
      viewer.client.send({ type: 'resume', run_id: viewer.reader.runId, request_id: 'mine' });
      expect(await viewer.client.next('error')).toMatchObject({ code: 'run_not_found' });
    }
    checkAsked();
    const { query, tokens, text } = question();
    cluster.upstream.reply({ tokens });
    const next = await new Viewer().ask(cluster.services[1], query);
    await next.end();
    expect(next.text).toBe(text);
  });

  // The last one: no other test waits for the processes again.
  it('keeps what waits for a person though every process is killed', async () => {
    const [ahead, host] = cluster.services;
    const { query } = question();
    cluster.upstream.reply(({ messages }) =>
      messages.at(-1)?.role === 'tool' ? { tokens: ['Done'] } : call('pay', query),
    );
    const asker = await new Viewer().ask(host, query);
    const { tool_call_id } = await asker.next('approval_request');
    const checkTime = async (): Promise<void> => {
      const viewer = await asker.another().resume(ahead);
      const [pending] = viewer.client.all('resumed')[0]?.pending_approvals ?? [];
      expect(pending?.tool_call_id).toBe(tool_call_id);
      // Whoever goes on has a clock by which the time of the person has been over for long.
      expect(pending?.expires_in_ms).toBeGreaterThan(100_000);
      expect(pending?.expires_in_ms).toBeLessThanOrEqual(301_000);
    };
    await checkTime();
    await Promise.all([...cluster.services, cluster.worker].map((node) => node.kill()));
    await ahead.start();
    await asker.resume(ahead);
    await vi.waitFor(async () => expect((await ahead.statistics())['active_runs']).toBe(1));
    await checkTime();
    expect(cluster.acted(query)).toBe(0);
    const decision = {
      type: 'approval',
      run_id: asker.reader.runId,
      tool_call_id,
      approved: true,
    };
    asker.client.send({ ...decision, request_id: 'mine' });
    expect(await asker.end()).toMatchObject({ type: 'stream_end' });
    expect(asker.text).toBe('Done');
    expect(cluster.acted(query)).toBe(1);
    expect(cluster.asked(query)).toHaveLength(2);
  });
});
