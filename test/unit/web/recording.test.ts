import { beforeEach, describe, expect, it } from 'vitest';
import { Recording } from '../../../src/web/frames/recording.js';
import { recordSockets, type Recorder } from '../../../src/web/frames/recording-socket.js';
import { FakeSocket } from '../client/fake-socket.js';

let recording: Recording;
let recorder: Recorder;
let socket: FakeSocket;

beforeEach(() => {
  recording = new Recording();
  recorder = recordSockets(recording.frames, 'client', FakeSocket);
  new recorder.WebSocket('ws://page', ['agent-ws.v1']);
  socket = FakeSocket.last;
  socket.greet();
});

const receive = (message: object) => recording.frames.add('client', 'in', JSON.stringify(message));
const send = (message: object) => recorder.send(JSON.stringify(message));
const shown = () => recording.rows.all.map(({ first, frames }) => `${first.type} ${frames.length}`);
const stream = (run_id: string, seq: number, content: string) =>
  receive({ type: 'stream_chunk', run_id, seq, content });

describe('a recording socket', () => {
  it('reports what comes and goes, and how it closes', () => {
    send({ type: 'ping' });
    socket.say({ type: 'pong' });
    socket.end(1012, 'Server is restarting');
    expect(recording.frames.all.map(({ direction, type }) => [direction, type])).toEqual([
      ['in', 'connected'],
      ['out', 'ping'],
      ['in', 'pong'],
      ['local', 'close'],
    ]);
    expect(recording.frames.all.at(-1)?.text).toContain('"code":1012');
    expect(recorder.isOpen()).toBe(false);
    expect(recorder.send('late')).toBe(false);
  });

  it('sends what is no JSON as it is', () => {
    const texts: string[] = [];
    socket.send = (text) => void texts.push(text);
    expect(recorder.send('{"type": ')).toBe(true);
    expect(texts).toEqual(['{"type": ']);
  });

  it('opens a socket without a subprotocol, once', async () => {
    socket.end(1000);
    const opening = recorder.connect('ws://page');
    FakeSocket.last.open();
    expect(FakeSocket.last.offered).toEqual([]);
    await opening;
    expect(recorder.isOpen()).toBe(true);
    const opened = FakeSocket.opened.length;
    await recorder.connect('ws://page');
    expect(FakeSocket.opened).toHaveLength(opened);
  });

  it('says that it could not open', async () => {
    socket.end(1006);
    const opening = recorder.connect('ws://page');
    FakeSocket.last.end(1006);
    await opening;
    expect(recorder.isOpen()).toBe(false);
  });

  it('keeps the subprotocol out of the log where it may be a token', () => {
    socket.protocol = 'secret-token';
    socket.open();
    expect(recording.frames.all.at(-1)?.text).toBe('{"type":"open","subprotocol":""}');
  });
});

describe('the frames', () => {
  it('count everything and keep the newest', () => {
    for (let index = 0; index < 6_000; index++) receive({ type: 'stream_chunk', content: '好' });
    const { all, counts, droppedCount } = recording.frames;
    expect(counts.in).toBe(6_001);
    expect(all.length).toBeLessThanOrEqual(5_500);
    expect(all.length + droppedCount).toBe(6_001);
    expect(all.at(-1)?.bytes).toBe(new TextEncoder().encode('{"type":"stream_chunk","content":"好"}').length);
  });

  it('keep few of the long ones', () => {
    for (let index = 0; index < 5; index++) recording.frames.add('client', 'in', 'x'.repeat(4_000_000));
    expect(recording.frames.all).toHaveLength(3);
    expect(recording.rows.all).toHaveLength(3);
  });
});

describe('the rows', () => {
  it('fold the chunks of a run that follow each other', () => {
    stream('a', 2, 'one');
    stream('b', 2, 'one');
    stream('a', 3, 'two');
    receive({ type: 'stream_tool_call', run_id: 'a', seq: 4 });
    stream('a', 5, 'three');
    expect(shown()).toEqual([
      'connected 1',
      'stream_chunk 2',
      'stream_chunk 1',
      'stream_tool_call 1',
      'stream_chunk 1',
    ]);
    recording.rows.show({ fold: false });
    expect(shown()).toHaveLength(6);
  });

  it('pass a filter, also those that come later', () => {
    recording.rows.show({ direction: 'out', text: 'HELLO' });
    send({ type: 'agent_query', query: 'hello' });
    send({ type: 'agent_query', query: 'other' });
    receive({ type: 'agent_response', content: 'hello' });
    expect(shown()).toEqual(['agent_query 1']);
    recording.rows.show({ direction: 'all', text: '', type: 'agent_response' });
    expect(shown()).toEqual(['agent_response 1']);
  });

  it('leave probes and their answers out, but no ping of a person', () => {
    recording.frames.probe(() => send({ type: 'ping', request_id: 'r1' }));
    send({ type: 'ping', request_id: 'mine' });
    receive({ type: 'pong', request_id: 'mine' });
    receive({ type: 'pong', request_id: 'r1' });
    expect(shown()).toEqual(['connected 1', 'ping 1', 'pong 1']);
    expect(recording.latency.samples).toHaveLength(2);
    recording.rows.show({ probes: true });
    expect(shown()).toHaveLength(5);
  });
});

describe('the latency', () => {
  it('pairs pongs with pings, and forgets those of a connection that closed', () => {
    send({ type: 'ping' });
    send({ type: 'ping' });
    socket.end(1006);
    receive({ type: 'pong' });
    expect(recording.latency.samples).toEqual([]);
  });

  it('gives percentiles', () => {
    recording.latency.samples.push(4, 1, 3, 2);
    expect(recording.latency.percentile(0.5)).toBe(3);
    expect(recording.latency.percentile(0.95)).toBe(4);
    expect(new Recording().latency.percentile(0.5)).toBeUndefined();
  });
});

describe('the throughput', () => {
  it('counts per whole second, and keeps the last sixty', () => {
    stream('a', 1, 'one');
    stream('a', 2, 'two');
    const second = Math.floor(performance.now() / 1000);
    const next = recording.throughput.read((second + 1) * 1000);
    expect(next.reduce((sum, { chunks }) => sum + chunks, 0)).toBe(2);
    const later = recording.throughput.read((second + 500) * 1000);
    expect(later).toHaveLength(60);
    expect(later.every(({ chunks }) => chunks === 0)).toBe(true);
  });
});

describe('the records of runs', () => {
  const record = (runId: string) => recording.runs.get(runId);

  it('tell when pieces came, what it cost and how it ended', () => {
    send({ type: 'streaming_query', query: 'hello', run_id: 'a' });
    expect(recording.runs.live).toBe(1);
    receive({ type: 'accepted', run_id: 'a', state: 'accepted' });
    receive({ type: 'stream_start', run_id: 'a', seq: 1, vendor: 'demo', model: 'small' });
    stream('a', 2, 'Hello');
    stream('a', 3, ', world.');
    const usage = { input_tokens: 1, output_tokens: 2 };
    receive({ type: 'stream_end', run_id: 'a', seq: 4, finish_reason: 'stop', usage });
    expect(record('a')).toMatchObject({ end: 'finished', chunks: 2, seq: 4, model: 'small' });
    expect(record('a')?.last).toMatchObject({ usage, finish_reason: 'stop' });
    expect(record('a')?.arrivals.map(({ weight }) => weight)).toEqual([5, 8]);
    expect(recording.runs.live).toBe(0);
    expect(recording.runs.ends.finished).toBe(1);
  });

  it('count no message twice that is read again', () => {
    for (const _ of [1, 2]) {
      receive({ type: 'resumed', run_id: 'a', after: 0 });
      stream('a', 1, 'Hello');
      receive({ type: 'stream_end', run_id: 'a', seq: 2 });
    }
    expect(record('a')?.chunks).toBe(1);
    expect(recording.runs.ends.finished).toBe(1);
  });

  it('tell refused, interrupted and cancelled runs apart', () => {
    send({ type: 'agent_query', query: ' ', run_id: 'refused' });
    receive({ type: 'error', run_id: 'refused', code: 'query_required' });
    receive({ type: 'run_started', run_id: 'torn' });
    receive({ type: 'error', run_id: 'torn', seq: 1, code: 'run_interrupted' });
    receive({ type: 'accepted', run_id: 'stopped' });
    receive({ type: 'cancelled', run_id: 'stopped', outcome: 'cancelled' });
    expect(record('stopped')?.end).toBeUndefined();
    receive({ type: 'cancelled', run_id: 'stopped', seq: 1, reason: 'requested' });
    receive({ type: 'error', run_id: 'unheard of', code: 'run_not_found' });
    expect(recording.runs.ends).toEqual({ finished: 0, cancelled: 1, failed: 1, interrupted: 1 });
    expect(record('unheard of')).toBeUndefined();
  });

  it('are not in progress while the connection is gone', () => {
    receive({ type: 'accepted', run_id: 'a' });
    socket.end(1006);
    expect(recording.runs.live).toBe(0);
    receive({ type: 'resumed', run_id: 'a', after: 0 });
    expect(recording.runs.live).toBe(1);
  });

  it('stay small under a long answer', () => {
    for (let seq = 1; seq <= 10_000; seq++) stream('a', seq, 'x');
    expect(record('a')?.chunks).toBe(10_000);
    expect(record('a')?.arrivals.length).toBeLessThanOrEqual(4_097);
  });
});
