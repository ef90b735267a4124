import { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Frames } from '../../../src/transport/frames.js';
import { Inflow } from '../../../src/transport/inflow.js';
import { Turns } from '../../../src/transport/turns.js';
import { frame, OPCODE } from '../../helpers/raw-client.js';

const FRAMES = [0, 1, 125, 126, 300, 65_535, 65_536, 200_000].flatMap((size) => [
  frame(OPCODE.text, 'a'.repeat(size)),
  frame(OPCODE.binary, 'b'.repeat(size), { masked: false }),
  frame(OPCODE.ping, 'c'.repeat(Math.min(size, 125))),
  frame(OPCODE.text, 'd'.repeat(size), { fin: false }),
]);

/** Frames with lengths of each form, for chunks of a few bytes. */
const SHORT_FRAMES = FRAMES.filter(({ length }, index) => length < 1_000 || (index % 4 === 0 && length < 100_000));

/** A socket, and what it hands to its `WebSocket`. `cost` is the time of each piece in milliseconds. */
function socket(cost = 0, isInflated = false, turns = new Turns()) {
  const raw = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const pieces: Buffer[] = [];
  const kept: number[] = [];
  const floods = vi.fn();
  const inflow = new Inflow(
    raw,
    { pause: () => void raw.pause(), resume: () => void raw.resume() },
    turns,
    { keeps: (bytes) => void kept.push(bytes), floods },
    isInflated,
  );
  raw.on('data', (piece: Buffer) => {
    pieces.push(piece);
    for (const end = performance.now() + cost; performance.now() < end;);
  });
  return { raw, pieces, inflow, kept, floods };
}

/** The first and the last frame of a message in parts. */
const part = (payload: string): Buffer => frame(OPCODE.text, payload, { fin: false });
const end = (payload: string): Buffer => frame(OPCODE.continuation, payload);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until everything is handed on: on a busy machine, even little takes more than one slice. */
async function settled(raw: Duplex): Promise<void> {
  await turn();
  await vi.waitUntil(() => !raw.isPaused(), { interval: 1 });
}

/** The bytes in chunks of these sizes, in turn. */
function cut(bytes: Buffer, ...sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += chunks.at(-1)?.length ?? 1, i++) {
    chunks.push(Buffer.from(bytes.subarray(at, at + (sizes[i % sizes.length] ?? 1))));
  }
  return chunks;
}

describe('the end of a frame', () => {
  it.each([[1], [2, 1], [7, 3, 1_000], [65_536], [1_000_000]])('is found in chunks of %i, …', (...sizes) => {
    const sent = Math.max(...sizes) < 100 ? SHORT_FRAMES : FRAMES;
    const frames = new Frames();
    const ends: number[] = [];
    let before = 0;
    for (const chunk of cut(Buffer.concat(sent), ...sizes)) {
      for (let at = 0; at < chunk.length;) {
        const end = frames.endIn(chunk, at);
        if (end === -1) break;
        ends.push(before + end);
        at = end;
      }
      before += chunk.length;
    }
    let sum = 0;
    expect(ends).toEqual(sent.map(({ length }) => (sum += length)));
  });
});

describe('what a connection receives', () => {
  it.each([[1, 5], [1_023, 1, 1_024], [70_000], [1_000_000]])('arrives whole, in chunks of %i, …', async (...sizes) => {
    const { raw, pieces } = socket();
    const sent = Buffer.concat(FRAMES);
    for (const chunk of cut(sent, ...sizes)) raw.push(chunk);
    raw.push(frame(OPCODE.text, 'end'));
    const all = Buffer.concat([sent, frame(OPCODE.text, 'end')]).length;
    await vi.waitFor(() => expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(all));
    expect(Buffer.concat(pieces).subarray(0, sent.length).equals(sent)).toBe(true);
  });

  it('waits for its turn if it is large and many others wait', async () => {
    const turns = new Turns();
    vi.spyOn(turns, 'isBusy', 'get').mockReturnValue(true);
    const wait = vi.spyOn(turns, 'wait').mockImplementation(() => undefined);
    const [small, large] = [socket(0, false, turns), socket(0, false, turns)];
    small.raw.push(part('a'));
    const sent = Buffer.concat(Array.from({ length: 1_000 }, () => frame(OPCODE.text, 'b')));
    large.raw.push(sent);
    await vi.waitFor(() => expect(large.raw.isPaused()).toBe(true));
    await vi.waitFor(() => expect(small.pieces).toHaveLength(1));
    expect(large.pieces).toEqual([]);
    // On a busy machine the small one may take long as well, and waits after it.
    const waiting = wait.mock.calls.map(([inflow]) => inflow);
    wait.mockRestore();
    for (const inflow of waiting) inflow.goOn();
    await vi.waitFor(() => expect(Buffer.concat(large.pieces).equals(sent)).toBe(true));
  });

  it('waits for later turns when it takes long, and the socket waits as well', async () => {
    const { raw, pieces } = socket(1);
    raw.push(Buffer.concat(Array.from({ length: 50 }, () => frame(OPCODE.text, 'x'))));
    await turn();
    const first = pieces.length;
    expect(first).toBeLessThan(10);
    expect(raw.isPaused()).toBe(true);
    await vi.waitFor(() => expect(pieces).toHaveLength(50));
    await vi.waitFor(() => expect(raw.isPaused()).toBe(false));
  });

  it('has a new slice after each pause, so that a connection without hurry is not paused', async () => {
    const { raw, pieces } = socket(0.1);
    const pauses = vi.spyOn(raw, 'pause');
    for (let i = 1; i <= 200; i++) {
      raw.push(frame(OPCODE.text, 'x'));
      await vi.waitFor(() => expect(pieces).toHaveLength(i), { interval: 1 });
      for (const end = performance.now() + 0.3; performance.now() < end;);
    }
    // A busy machine takes the processor away now and then. All pieces together take 80 slices.
    expect(pauses.mock.calls.length).toBeLessThan(40);
  });

  it('comes one frame a turn when messages are inflated', async () => {
    const { raw, pieces } = socket(0, true);
    raw.push(Buffer.concat(Array.from({ length: 20 }, () => frame(OPCODE.text, 'x'))));
    await turn();
    for (let before = pieces.length; before < 20; before = pieces.length) {
      await turn();
      expect(pieces.length - before).toBeLessThanOrEqual(1);
    }
    expect(pieces).toHaveLength(20);
  });

  describe('rests', () => {
    const TURNS = 20;
    const turns = async (): Promise<void> => {
      for (let i = 0; i < TURNS; i++) await turn();
    };
    /** Time stands still, so that no slice is used up and nothing is gained. */
    const restingSocket = () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
      onTestFinished(() => void vi.useRealTimers());
      return socket();
    };
    const many = (count: number, one: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => one));

    it.each([
      ['small parts of a message', part('x')],
      ['pings', frame(OPCODE.ping, 'x'.repeat(125))],
      ['pongs', frame(OPCODE.pong, '')],
    ])('after too many %s, and goes on where it was', async (_name, one) => {
      const { raw, pieces } = restingSocket();
      raw.push(many(100, one));
      await turns();
      expect(pieces).toHaveLength(64);
      expect(raw.isPaused()).toBe(true);
      raw.push(many(10, one));
      await turns();
      expect(pieces).toHaveLength(64);
      vi.advanceTimersByTime(100);
      await turns();
      // 200 a second are gained, so a tenth of a second is worth 20.
      expect(pieces).toHaveLength(84);
      vi.advanceTimersByTime(1_000);
      await turns();
      vi.advanceTimersByTime(1_000);
      await turns();
      expect(Buffer.concat(pieces).equals(many(110, one))).toBe(true);
      expect(raw.isPaused()).toBe(false);
    });

    it.each([
      ['whole messages', frame(OPCODE.text, 'x')],
      ['large parts of a message', part('x'.repeat(2_000))],
    ])('not after many %s', async (_name, one) => {
      const { raw, pieces } = restingSocket();
      raw.push(many(500, one));
      await turns();
      expect(Buffer.concat(pieces).equals(many(500, one))).toBe(true);
    });

    it('after anything much once it is closed', async () => {
      const { raw, pieces, inflow } = restingSocket();
      inflow.closed();
      raw.push(many(100, frame(OPCODE.text, 'x')));
      await turns();
      expect(pieces).toHaveLength(64);
      expect(raw.isPaused()).toBe(true);
    });

    it('after a part of what it sends was dropped', async () => {
      const { raw, pieces, inflow } = restingSocket();
      inflow.drop();
      raw.push(Buffer.alloc(200_000));
      await turns();
      expect(raw.isPaused()).toBe(false);
      raw.push(Buffer.alloc(200_000));
      raw.push(Buffer.alloc(200_000));
      await turns();
      expect(raw.isPaused()).toBe(true);
      vi.advanceTimersByTime(100);
      await turns();
      expect(raw.readableLength).toBe(0);
      expect(pieces).toEqual([]);
    });

    it('so often without a pause that it floods', async () => {
      const { raw, floods } = restingSocket();
      raw.push(many(1_200, frame(OPCODE.ping, '')));
      await turns();
      for (let i = 1; i < 50; i++) {
        vi.advanceTimersByTime(100);
        await turns();
      }
      expect(floods).not.toHaveBeenCalled();
      vi.advanceTimersByTime(100);
      await turns();
      expect(floods).toHaveBeenCalledOnce();
    });

    it('again and again, with pauses between', async () => {
      const { raw, floods } = restingSocket();
      for (let i = 0; i < 60; i++) {
        raw.push(many(64, frame(OPCODE.ping, '')));
        await turns();
        vi.advanceTimersByTime(400);
        await turns();
      }
      expect(floods).not.toHaveBeenCalled();
    });

    it('not on when it was stopped meanwhile', async () => {
      const { raw, pieces, inflow } = restingSocket();
      raw.push(many(100, part('x')));
      await turns();
      inflow.stop();
      vi.advanceTimersByTime(100);
      await turns();
      expect(pieces).toHaveLength(64);
      inflow.start();
      await turns();
      expect(pieces).toHaveLength(84);
    });
  });

  it('stops in the middle of a chunk and goes on there', async () => {
    const { raw, pieces, inflow } = socket();
    raw.on('data', () => pieces.length === 3 && inflow.stop());
    raw.push(Buffer.concat(Array.from({ length: 9 }, () => frame(OPCODE.text, 'x'))));
    raw.push(frame(OPCODE.text, 'later'));
    await vi.waitFor(() => expect(pieces).toHaveLength(3));
    await turn();
    await turn();
    expect(pieces).toHaveLength(3);
    inflow.start();
    await vi.waitFor(() => expect(pieces).toHaveLength(10));
  });

  it('is few pieces although the peer sends single bytes', async () => {
    const { raw, pieces } = socket();
    for (const byte of frame(OPCODE.text, 'x'.repeat(50_000))) raw.push(Buffer.of(byte));
    await vi.waitFor(() => expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(50_000));
    expect(pieces.length).toBeLessThan(80);
  });

  it('keeps no chunk in memory for a part of a message', async () => {
    const { raw, pieces } = socket();
    const part = frame(OPCODE.text, 'x', { fin: false });
    raw.push(Buffer.concat([part, ...Array.from({ length: 1_000 }, () => frame(OPCODE.ping, 'y'))]));
    await vi.waitFor(() => expect(pieces.length).toBeGreaterThan(1));
    expect(pieces[0]?.buffer.byteLength).toBe(part.length);
  });

  it('ends at a frame, whatever is left when the socket closes', async () => {
    const { raw, pieces } = socket(1);
    const one = frame(OPCODE.text, 'x');
    raw.push(Buffer.concat([...Array.from({ length: 50 }, () => one), one.subarray(0, 3)]));
    await turn();
    raw.push(Buffer.from('the rest'));
    raw.destroy();
    await vi.waitFor(() => expect(raw.closed).toBe(true));
    await turn();
    expect(pieces.length).toBeLessThan(50);
    expect(pieces.every((piece) => piece.length === one.length)).toBe(true);
  });

  it('says how much of a message is held, until its end has come', async () => {
    const { raw, kept } = socket();
    const [whole, first, last] = [frame(OPCODE.text, 'x'.repeat(50)), part('y'.repeat(3_000)), end('z')];
    const ping = frame(OPCODE.ping, 'ping');
    const push = async (bytes: Buffer): Promise<number | undefined> => {
      raw.push(bytes);
      await settled(raw);
      return kept.at(-1);
    };
    expect(await push(Buffer.concat([whole, whole]))).toBeUndefined();
    expect(await push(whole.subarray(0, 20))).toBe(20);
    expect(await push(whole.subarray(20, 30))).toBe(30);
    expect(await push(whole.subarray(30))).toBe(0);
    const held = (await push(first)) ?? 0;
    expect(held).toBeGreaterThanOrEqual(first.length);
    expect(held).toBeLessThan(first.length + 1_000);
    // A ping amid the parts ends nothing.
    expect(await push(ping.subarray(0, 4))).toBe(held + 4);
    expect(await push(ping.subarray(4))).toBe(held);
    expect(await push(last.subarray(0, 3))).toBe(held + 3);
    expect(await push(Buffer.concat([last.subarray(3), whole]))).toBe(0);
    await push(first);
    raw.destroy();
    await vi.waitFor(() => expect(kept.at(-1)).toBe(0));
  });

  it('counts a compressed part as what it may become', async () => {
    const { raw, kept } = socket(0, true);
    raw.push(part('x'.repeat(1_000)));
    await settled(raw);
    expect(kept.at(-1)).toBeGreaterThan(1_000_000);
  });

  it('is dropped on demand, also what waits', async () => {
    const { raw, pieces, inflow } = socket();
    raw.on('data', () => pieces.length === 2 && inflow.drop());
    raw.push(Buffer.concat(Array.from({ length: 9 }, () => frame(OPCODE.text, 'x'))));
    raw.push(frame(OPCODE.text, 'later'));
    await vi.waitFor(() => expect(pieces).toHaveLength(2));
    inflow.stop();
    inflow.drop();
    raw.push(frame(OPCODE.text, 'last'));
    await turn();
    await turn();
    expect(pieces).toHaveLength(2);
    // What comes is read all the same.
    expect(raw.readableLength).toBe(0);
  });
});
