import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentClient, type AgentClient, type AgentClientOptions } from '../../../src/client/index.js';
import { FakeSocket } from './fake-socket.js';

/** Says how many listeners there are. */
class Target extends EventTarget {
  count = 0;

  override addEventListener(...added: Parameters<EventTarget['addEventListener']>): void {
    this.count++;
    super.addEventListener(...added);
  }

  override removeEventListener(...removed: Parameters<EventTarget['removeEventListener']>): void {
    this.count--;
    super.removeEventListener(...removed);
  }
}

let page: Target;
let document: Target & { hidden: boolean };
let client: AgentClient;

/** A client whose server said nothing yet; after a failed attempt it waits for 25 s. */
function make(options: Partial<AgentClientOptions> = {}): void {
  const backoff = { baseMs: 25_000, capMs: 25_000 };
  client = createAgentClient({ url: 'ws://localhost/ws/agent', WebSocket: FakeSocket, backoff, ...options });
  void client.connect();
}

const pings = () => FakeSocket.last.sent.filter(({ type }) => type === 'ping').length;
const turn = (hidden: boolean) => {
  document.hidden = hidden;
  document.dispatchEvent(new Event('visibilitychange'));
};
const pageshow = (persisted: boolean) => page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));
/** The machine sleeps: the clock goes on, and no timer does. */
const sleep = (ms: number) => {
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(1_000);
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  FakeSocket.opened = [];
  page = new Target();
  document = Object.assign(new Target(), { hidden: false });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', document);
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each<[string, () => void]>([
  ['a tab that is looked at again', () => turn(false)],
  ['a page from the back-forward cache', () => pageshow(true)],
  ['a network that is there again', () => page.dispatchEvent(new Event('online'))],
  ['a machine that slept', () => sleep(60_000)],
])('%s', (_case, comeBack) => {
  it('ends the wait, and the waits after it are short again', () => {
    make({ backoff: { baseMs: 1_000, capMs: 60_000 } });
    const waits: number[] = [];
    client.on('reconnecting', ({ delayMs }) => waits.push(delayMs));
    for (let i = 0; i < 5; i++) {
      FakeSocket.last.end(1006);
      if (i < 4) vi.advanceTimersByTime(waits.at(-1) ?? 0);
    }
    expect([client.state, FakeSocket.opened.length, waits.at(-1)]).toEqual(['waiting', 5, 16_000]);
    comeBack();
    expect([client.state, FakeSocket.opened.length]).toEqual(['connecting', 6]);
    FakeSocket.last.end(1006);
    expect(waits.at(-1)).toBe(1_000);
  });

  it('shows within three seconds that a connection is dead', () => {
    make();
    FakeSocket.last.greet();
    comeBack();
    expect([pings(), client.state]).toEqual([1, 'connected']);
    // Coming back again and again does not prolong it.
    vi.advanceTimersByTime(1_500);
    comeBack();
    const [first] = FakeSocket.opened;
    vi.advanceTimersByTime(1_500);
    expect([client.state, FakeSocket.opened.length]).toEqual(['connecting', 2]);
    expect(first?.sent.filter(({ type }) => type === 'ping')).toHaveLength(1);
    expect(first?.closedWith).toEqual([4000]);
  });

  it('makes a connection of which the end is told afterwards begin anew at once, and no other one', () => {
    make();
    FakeSocket.last.greet();
    comeBack();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(0);
    expect(FakeSocket.opened.length).toBe(2);
    FakeSocket.last.greet();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(1_000);
    expect([client.state, FakeSocket.opened.length]).toEqual(['waiting', 2]);
  });

  it('leaves a connection that answers as it is', () => {
    make();
    FakeSocket.last.greet();
    comeBack();
    FakeSocket.last.say({ type: 'pong' });
    vi.advanceTimersByTime(10_000);
    expect([client.state, pings(), FakeSocket.opened.length]).toEqual(['connected', 1, 1]);
  });

  it('does nothing to an attempt that is on its way', () => {
    make();
    comeBack();
    expect([client.state, FakeSocket.opened.length]).toEqual(['connecting', 1]);
  });

  it('is of no interest to a client that is closed', () => {
    make();
    FakeSocket.last.greet();
    client.close();
    comeBack();
    expect([client.state, FakeSocket.opened.length, pings()]).toEqual(['closed', 1, 0]);
  });
});

it.each<[string, () => void]>([
  ['a tab that is left', () => turn(true)],
  ['a page that is shown for the first time', () => pageshow(false)],
  ['a network that is gone', () => page.dispatchEvent(new Event('offline'))],
  ['a clock that is set back', () => sleep(-3_600_000)],
  ['a timer that is a little late', () => sleep(4_000)],
  [
    'a tab in the background, whose timers are late all the time',
    () => {
      turn(true);
      sleep(60_000);
    },
  ],
])('%s ends no wait', (_case, happen) => {
  make();
  FakeSocket.last.end(1006);
  happen();
  expect([client.state, FakeSocket.opened.length]).toEqual(['waiting', 1]);
});

it('asks the server where the network is said to be gone, and believes the server', () => {
  make({ pongTimeoutMs: 1_000 });
  FakeSocket.last.greet();
  page.dispatchEvent(new Event('offline'));
  FakeSocket.last.say({ type: 'pong' });
  vi.advanceTimersByTime(2_000);
  expect([client.state, pings()]).toEqual(['connected', 1]);
  page.dispatchEvent(new Event('offline'));
  vi.advanceTimersByTime(1_000);
  expect(client.state).toBe('waiting');
});

it('gives a process that stood still the time to read an answer that is there', () => {
  make({ pongTimeoutMs: 1_000, silenceMs: 10_000 });
  FakeSocket.last.greet();
  vi.advanceTimersByTime(10_000);
  expect(pings()).toBe(1);
  // It comes to itself long after the answer was due, and its timers ring before it reads.
  const late = performance.now() + 20_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => late);
  vi.advanceTimersByTime(1_000);
  expect(client.state).toBe('connected');
  clock.mockRestore();
  FakeSocket.last.say({ type: 'pong' });
  vi.advanceTimersByTime(5_000);
  expect(client.state).toBe('connected');
});

it('a client that was not used yet holds nothing', () => {
  client = createAgentClient({ url: 'ws://localhost', WebSocket: FakeSocket });
  expect([page.count + document.count, vi.getTimerCount()]).toEqual([0, 0]);
});

it.each(['connecting', 'connected', 'waiting'])('a client that is closed while it is %s holds nothing', (at) => {
  make();
  if (at !== 'connecting') FakeSocket.last.greet();
  if (at === 'waiting') FakeSocket.last.end(1006);
  expect(client.state).toBe(at);
  client.conversation('c').watch(() => undefined);
  const asked = FakeSocket.last.sent.find(({ type }) => type === 'watch');
  // What is refused for the moment is asked again later.
  FakeSocket.last.say({ type: 'error', code: 'rate_limited', retryable: true, request_id: asked?.['request_id'] });
  void client.stream('a');
  void client.send({ type: 'mine' });
  void client.request({ type: 'mine' });
  expect(page.count + document.count).toBe(4);
  client.close();
  expect([page.count + document.count, vi.getTimerCount()]).toEqual([0, 0]);
});
