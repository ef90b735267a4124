import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentClient, type AgentClient, type AgentClientOptions } from '../../../src/client/index.js';
import { CLOSE_CODES } from '../../../src/protocol/close-codes.js';
import { FakeSocket } from './fake-socket.js';

let client: AgentClient;

function make(options: Partial<AgentClientOptions> = {}): string[] {
  client = createAgentClient({ url: 'ws://localhost/ws/agent', WebSocket: FakeSocket, ...options });
  const log: string[] = [];
  client.on('state', (state) => log.push(state));
  client.on('reconnecting', ({ attempt, delayMs }) => log.push(`attempt ${attempt} in ${delayMs}`));
  client.on('disconnected', ({ code }) => log.push(`lost ${code}`));
  client.on('error', ({ code }) => log.push(`error ${code}`));
  return log;
}

const outcome = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'fine',
    (error: unknown) => (error as { code: string }).code,
  );

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  FakeSocket.opened = [];
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('connecting', () => {
  it('begins with the first request, and not before', () => {
    make();
    client.conversation('c');
    expect([client.state, FakeSocket.opened.length]).toEqual(['idle', 0]);
    client.stream('a');
    client.stream('b');
    expect([client.state, FakeSocket.opened.length]).toEqual(['connecting', 1]);
    expect(FakeSocket.last.offered[0]).toBe('agent-ws.v1');
    expect(FakeSocket.last.sent).toEqual([]);
    FakeSocket.last.greet();
    expect(client.state).toBe('connected');
    expect(FakeSocket.last.sent.map(({ query }) => query)).toEqual(['a', 'b']);
  });

  it('can be awaited', async () => {
    make();
    const twice = [client.connect(), client.connect()];
    FakeSocket.last.greet();
    await Promise.all(twice);
    await client.connect();
    expect(FakeSocket.opened).toHaveLength(1);
  });

  it('gives an attempt that gets no greeting up in time', () => {
    const log = make({ connectTimeoutMs: 3_000 });
    client.stream('a');
    vi.advanceTimersByTime(2_999);
    expect(log).toEqual(['connecting']);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['connecting', 'waiting', 'attempt 2 in 500']);
    expect(FakeSocket.last.closedWith).toEqual([4000]);
    // What the abandoned one says is not heard.
    FakeSocket.last.greet();
    FakeSocket.last.end(4403);
    expect(client.state).toBe('waiting');
  });

  it('waits twice as long with every attempt, up to the cap', async () => {
    const log = make({ backoff: { capMs: 3_000 } });
    client.stream('a');
    for (let i = 0; i < 5; i++) {
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(3_000);
    }
    expect(log.filter((line) => line.startsWith('attempt'))).toEqual([
      'attempt 2 in 500',
      'attempt 3 in 1000',
      'attempt 4 in 2000',
      'attempt 5 in 3000',
      'attempt 6 in 3000',
    ]);
  });

  it('waits anywhere between zero and the ceiling', () => {
    vi.mocked(Math.random).mockReturnValue(0.25);
    const log = make();
    client.stream('a');
    FakeSocket.last.end(1006);
    expect(log.at(-1)).toBe('attempt 2 in 125');
  });

  it('starts with short waits again only after a connection that held', () => {
    const log = make();
    client.stream('a');
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.greet();
    vi.advanceTimersByTime(4_999);
    FakeSocket.last.end(1006);
    expect(log.at(-1)).toBe('attempt 3 in 1000');
    vi.advanceTimersByTime(1_000);
    FakeSocket.last.greet();
    vi.advanceTimersByTime(5_000);
    FakeSocket.last.end(1006);
    expect(log.at(-1)).toBe('attempt 1 in 500');
  });

  it('gives up after as many attempts as allowed', async () => {
    make({ maxAttempts: 2 });
    const connected = outcome(client.connect());
    const run = outcome(client.stream('a'));
    const ping = outcome(client.ping());
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.end(1006);
    expect(await Promise.all([connected, run, ping])).toEqual(Array(3).fill('unreachable'));
    expect(client.state).toBe('closed');
    // The next request begins anew.
    client.stream('b');
    expect([client.state, FakeSocket.opened.length]).toEqual(['connecting', 3]);
  });

  it('counts no connection that was there as a failed attempt', () => {
    make({ maxAttempts: 1 });
    client.stream('a');
    FakeSocket.last.greet();
    FakeSocket.last.end(1006);
    expect(client.state).toBe('waiting');
    vi.advanceTimersByTime(500);
    FakeSocket.last.end(1006);
    expect(client.state).toBe('closed');
  });

  it('counts the failures after it only', () => {
    make({ maxAttempts: 2 });
    client.stream('a');
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.greet();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(1_000);
    FakeSocket.last.end(1006);
    expect(client.state).toBe('waiting');
    vi.advanceTimersByTime(2_000);
    FakeSocket.last.end(1006);
    expect([client.state, FakeSocket.opened.length]).toEqual(['closed', 4]);
  });

  it('refuses a server that speaks the documented core only', async () => {
    make();
    const run = outcome(client.stream('a'));
    FakeSocket.last.readyState = 1;
    FakeSocket.last.say({ type: 'connected', connection_id: 'c', message: 'Connected to Agent WebSocket' });
    expect(await run).toBe('protocol_error');
    expect(FakeSocket.last.sent).toEqual([]);
  });
});

describe('the close code', () => {
  it.each(Object.values(CLOSE_CODES))('$code means $reconnect', async ({ code, reconnect }) => {
    const log = make();
    const run = outcome(client.stream('a'));
    FakeSocket.last.greet();
    FakeSocket.last.end(code, 'Why');
    if (reconnect === 'no') {
      const expected = code === 4401 ? 'unauthorized' : code === 4403 ? 'forbidden' : 'connection_closed';
      expect(await run).toBe(expected);
      expect(log.slice(2)).toEqual([`lost ${code}`, `error ${expected}`, 'closed']);
    } else {
      expect(log.slice(2)).toEqual([`lost ${code}`, 'waiting', `attempt 2 in ${reconnect === 'later' ? 5_000 : 500}`]);
    }
  });

  it('outside the table ends it where an application chose it, and not where the protocol did', () => {
    make();
    client.stream('a');
    FakeSocket.last.end(1014);
    expect(client.state).toBe('waiting');
    vi.advanceTimersByTime(500);
    FakeSocket.last.end(4999);
    expect(client.state).toBe('closed');
  });

  it('says in the error what the server said', async () => {
    make();
    const run = client.stream('a');
    FakeSocket.last.end(4403, 'Not you');
    await expect(Promise.resolve(run)).rejects.toMatchObject({
      code: 'forbidden',
      closeCode: 4403,
      message: 'The server closed the connection with 4403: Not you',
    });
  });

  it('comes back when a leaving server said, and sends it nothing new', async () => {
    const log = make();
    client.stream('a');
    FakeSocket.last.greet();
    const [first] = FakeSocket.opened;
    first?.say({ type: 'going_away', timestamp: 1, reconnect_after_ms: 4_000 });
    client.stream('b');
    const running = first?.sent[0]?.['run_id'] as string;
    void client.resume(running).cancel();
    expect(first?.sent.map(({ type }) => type)).toEqual(['streaming_query', 'cancel']);
    vi.advanceTimersByTime(1_000);
    first?.end(1012);
    expect(log.at(-1)).toBe('attempt 2 in 3500');
    await vi.advanceTimersByTimeAsync(3_500);
    FakeSocket.last.greet();
    expect(FakeSocket.last.sent.map(({ query }) => query)).toEqual([undefined, 'a', 'b']);
  });
});

describe('the token', () => {
  const sent = () => FakeSocket.opened.map(({ offered }) => offered.slice(1));

  it('is asked for before every attempt', async () => {
    let count = 0;
    make({ token: () => Promise.resolve(`t${++count}`), protocols: ['other'] });
    client.stream('a');
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent()).toEqual([
      ['other', 't1'],
      ['other', 't2'],
    ]);
  });

  it('goes into the first message where it is told to', async () => {
    make({ token: () => 'x/y=+', tokenIn: 'message' });
    client.stream('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(sent()).toEqual([['agent-ws.auth']]);
    expect(FakeSocket.last.sent).toEqual([]);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual([{ type: 'auth', token: 'x/y=+' }]);
    FakeSocket.last.say({ type: 'authenticated', principal_id: 'anna' });
    expect(client.state).toBe('connecting');
    FakeSocket.last.greet();
    expect(client.state).toBe('connected');
  });

  it('goes into the query where it is told to', async () => {
    make({ url: 'http://localhost/ws/agent?a=1#b', token: () => 'x/y=', tokenIn: 'query' });
    client.stream('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.last.url).toBe('ws://localhost/ws/agent?a=1&token=x%2Fy%3D');
    expect(sent()).toEqual([[]]);
  });

  it('is asked for once more after 4401', async () => {
    let count = 0;
    const log = make({ token: () => `t${++count}` });
    const run = outcome(client.stream('a'));
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.end(4401);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent()).toEqual([['t1'], ['t2']]);
    FakeSocket.last.end(4401);
    expect(await run).toBe('unauthorized');
    expect(log.slice(-2)).toEqual(['error unauthorized', 'closed']);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['that does not come', () => Promise.reject(new Error('offline'))],
    [
      'whose function throws',
      () => {
        throw new Error('offline');
      },
    ],
    ['that is the page of an error', () => '<html><title>502 Bad Gateway</title></html>'],
    ['that is nothing', () => ' '],
    ['that is none', () => undefined as never],
  ])('%s is one failed attempt', async (_case, fail) => {
    let count = 0;
    const log = make({ token: () => (++count === 1 ? fail() : 'fine') });
    const run = outcome(client.stream('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['connecting', 'waiting', 'attempt 2 in 500']);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent()).toEqual([['fine']]);
    client.close();
    expect(await run).toBe('client_closed');
  });

  it.each(['page of\nan error', '<error>', ''])('%j is not sent in the query either', async (token) => {
    const log = make({ token: () => token, tokenIn: 'query' });
    void client.connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(log.at(-1)).toBe('attempt 2 in 500');
    expect(FakeSocket.opened).toEqual([]);
  });

  it('is told after three failures in a row, and asked for on', async () => {
    let token = '<html>';
    const log = make({ token: () => token, backoff: { baseMs: 1, capMs: 1 } });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    void client.connect();
    await vi.advanceTimersByTimeAsync(1);
    expect(log.filter((line) => line === 'waiting')).toHaveLength(2);
    expect(errors).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'token_failed', retryable: true, cause: expect.any(TypeError) as Error });
    token = 'fine';
    await vi.advanceTimersByTimeAsync(1);
    expect(sent()).toEqual([['fine']]);
    // An attempt that had a token ends the row.
    FakeSocket.last.end(1006);
    token = '';
    await vi.advanceTimersByTimeAsync(2);
    expect(errors).toHaveLength(1);
  });

  it('is why the client gives up where it was what failed last', async () => {
    make({ token: () => '', maxAttempts: 2, backoff: { baseMs: 1, capMs: 1 } });
    const run = outcome(client.stream('a'));
    await vi.advanceTimersByTimeAsync(5);
    expect(await run).toBe('token_failed');
    expect(client.state).toBe('closed');
  });

  it('is sent without the blanks around it', async () => {
    make({ token: () => 't\n' });
    void client.connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent()).toEqual([['t']]);
  });

  it('that comes too late is not used', async () => {
    const answers: ((token: string) => void)[] = [];
    make({ token: () => new Promise((resolve) => answers.push(resolve)), connectTimeoutMs: 1_000 });
    client.stream('a');
    await vi.advanceTimersByTimeAsync(1_500);
    answers[0]?.('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.opened).toEqual([]);
    answers[1]?.('in-time');
    await vi.advanceTimersByTimeAsync(0);
    expect(sent()).toEqual([['in-time']]);
  });

  it.each([
    ['a secret', 'error'],
    ['secret/+=', 'tokenIn'],
  ])('%s is refused without being shown', async (token, hint) => {
    make({ token: () => token, maxAttempts: 1 });
    const run = client.stream('a');
    await vi.advanceTimersByTimeAsync(0);
    const error = await Promise.resolve(run).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'token_failed', message: expect.stringContaining(hint) as string });
    expect(inspect(error)).not.toContain('secret');
  });
});

describe('silence', () => {
  it('is answered by a ping after the interval the server told, and by a new connection after the timeout', () => {
    const log = make({ pongTimeoutMs: 4_000 });
    client.stream('a');
    FakeSocket.last.greet();
    const pings = () => FakeSocket.last.sent.filter(({ type }) => type === 'ping').length;
    vi.advanceTimersByTime(19_000);
    FakeSocket.last.say({ type: 'pong', timestamp: 1 });
    vi.advanceTimersByTime(19_999);
    expect(pings()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(pings()).toBe(1);
    vi.advanceTimersByTime(3_999);
    // Anything at all shows that the connection works.
    FakeSocket.last.say({ type: 'mine' });
    vi.advanceTimersByTime(19_999);
    expect([pings(), client.state]).toEqual([1, 'connected']);
    vi.advanceTimersByTime(1 + 4_000);
    expect(log.slice(-3)).toEqual(['lost 1006', 'waiting', 'attempt 1 in 500']);
    expect(FakeSocket.last.closedWith).toEqual([4000]);
  });
});

describe('closing', () => {
  it('ends everything, and takes nothing more until it is connected again', async () => {
    const log = make();
    const run = outcome(client.stream('a'));
    FakeSocket.last.greet();
    const ping = outcome(client.ping());
    client.close();
    client.close();
    expect(FakeSocket.last.closedWith).toEqual([1000]);
    expect(log).toEqual(['connecting', 'connected', 'lost 1000', 'closed']);
    expect(await Promise.all([run, ping, outcome(client.stream('b')), outcome(client.ping())])).toEqual(
      Array(4).fill('client_closed'),
    );
    expect(FakeSocket.opened).toHaveLength(1);
    const again = outcome(client.connect());
    FakeSocket.last.greet();
    expect(await again).toBe('fine');
  });

  it.each(['connecting', 'connected', 'waiting'])('is possible from a listener that hears %s', (at) => {
    make();
    client.on('state', (state) => {
      if (state === at) client.close();
    });
    client.stream('a');
    if (at !== 'connecting') FakeSocket.last.greet();
    if (at === 'waiting') FakeSocket.last.end(1006);
    vi.advanceTimersByTime(60_000);
    expect([client.state, FakeSocket.opened.length]).toEqual(['closed', at === 'connecting' ? 0 : 1]);
  });

  it('is not the end for a listener that connects again', async () => {
    make();
    client.on('state', (state) => {
      if (state === 'closed') again = outcome(client.connect());
    });
    let again: Promise<string> | undefined;
    client.stream('a');
    FakeSocket.last.end(4403);
    expect(client.state).toBe('connecting');
    FakeSocket.last.greet();
    expect(await again).toBe('fine');
  });

  it('is possible in every state', () => {
    make();
    client.close();
    void client.connect();
    client.close();
    expect(client.state).toBe('closed');
    void client.connect();
    FakeSocket.last.end(1006);
    client.close();
    vi.advanceTimersByTime(60_000);
    expect([client.state, FakeSocket.opened.length]).toEqual(['closed', 2]);
  });
});
