import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Socket } from '../../../src/connection/socket.js';
import { EncryptedSocket } from '../../../src/encryption/encrypted-socket.js';
import { MessageKeys } from '../../../src/encryption/message-keys.js';
import { linkSockets } from '../../../src/testing/index.js';
import { JosePeer } from '../../helpers/jose-peer.js';

const CURVE = { namedCurve: 'P-256' };
const [current, earlier, other] = [1, 2, 3].map(() => generateKeyPairSync('ec', CURVE).privateKey);
if (current === undefined || earlier === undefined || other === undefined) throw new Error('No keys');
const keys = new MessageKeys([current, earlier]);
const PIN = keys.published.kid;
const pinOf = (key: typeof other) => new MessageKeys([key]).published.kid;

let peer: JosePeer;
beforeEach(() => void (peer = new JosePeer()));

/** An encrypted socket of the server, and what happens at both ends. */
function start({ maxMessageBytes = 1_000 } = {}) {
  const [inner, far] = linkSockets();
  const frames: string[] = [];
  const closes: number[] = [];
  far.open({
    onMessage: (data) => void frames.push(String(data)),
    onDrain: () => undefined,
    onClose: (code) => void closes.push(code),
  });
  const seen: { messages: unknown[]; closes: number[] } = { messages: [], closes: [] };
  let ready: Socket | undefined;
  const socket = new EncryptedSocket(inner, {
    keys,
    maxMessageBytes,
    ready: (made) => {
      ready = made;
      made.open({
        onMessage: (data) => void seen.messages.push(data),
        onDrain: () => undefined,
        onClose: (code) => void seen.closes.push(code),
      });
      made.send('greeting');
    },
  });
  const agreed = async (): Promise<void> => {
    far.send(peer.hello([PIN]));
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    await peer.agree(frames[0] ?? '');
    expect(await peer.open(frames[1] ?? '')).toBe('greeting');
  };
  return { socket, far, frames, closes, seen, agreed, isReady: () => ready !== undefined };
}

describe('an encrypted socket', () => {
  it('carries messages both ways, the first of the server right after the agreement', async () => {
    const { socket, far, frames, seen, agreed } = start();
    await agreed();
    far.send(await peer.seal('to the server 漢🙂'));
    await vi.waitFor(() => expect(seen.messages).toEqual(['to the server 漢🙂']));
    socket.send('to the client');
    socket.send(new TextEncoder().encode('as bytes'));
    await vi.waitFor(() => expect(frames).toHaveLength(4));
    expect([await peer.open(frames[2] ?? ''), await peer.open(frames[3] ?? '')]).toEqual(['to the client', 'as bytes']);
  });

  it('uses the first of its keys that the client has pinned, and makes another key for every connection', async () => {
    const ephemeral: string[] = [];
    for (const pins of [[PIN], [pinOf(other), pinOf(earlier)], [pinOf(earlier), PIN]]) {
      const { far, frames } = start();
      peer = new JosePeer();
      far.send(peer.hello(pins));
      await vi.waitFor(() => expect(frames).toHaveLength(2));
      expect(await peer.agree(frames[0] ?? '')).toBe(pins.includes(PIN) ? PIN : pinOf(earlier));
      expect(await peer.open(frames[1] ?? '')).toBe('greeting');
      ephemeral.push((JSON.parse(frames[0] ?? '') as { epk: { x: string } }).epk.x);
    }
    expect(new Set(ephemeral).size).toBe(3);
  });

  it('says nothing before the agreement', async () => {
    const { socket, far, frames } = start();
    expect(socket.send('early')).toBe(true);
    far.send(peer.hello([PIN]));
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    await peer.agree(frames[0] ?? '');
    expect(await peer.open(frames[1] ?? '')).toBe('greeting');
  });

  it('closes with 4421 if the client has pinned other keys', async () => {
    const { far, closes, frames, isReady } = start();
    far.send(peer.hello([pinOf(other)]));
    await vi.waitFor(() => expect(closes).toEqual([4421]));
    expect({ frames, isReady: isReady() }).toEqual({ frames: [], isReady: false });
  });

  const onCurve = generateKeyPairSync('ec', CURVE).publicKey.export({ format: 'jwk' });
  const zero = Buffer.alloc(32).toString('base64url');
  it.each<[string, () => string]>([
    ['plain JSON of the protocol', () => '{"type":"ping"}'],
    ['no JSON', () => 'nonsense'],
    ['null', () => 'null'],
    ['nothing', () => ''],
    ['no pins', () => peer.hello([], { pins: undefined })],
    ['pins that are no array', () => peer.hello([], { pins: PIN })],
    ['pins of another form', () => peer.hello([`${PIN}=`])],
    ['too many pins', () => peer.hello(Array<string>(9).fill(PIN))],
    ['no key', () => peer.hello([PIN], { epk: null })],
    ['a point that is not on the curve', () => peer.hello([PIN], { epk: { ...onCurve, y: onCurve.x } })],
    ['the point at zero', () => peer.hello([PIN], { epk: { ...onCurve, x: zero, y: zero } })],
    ['a key of another curve', () => peer.hello([PIN], { epk: { ...onCurve, crv: 'P-384' } })],
    ['a key that is too long', () => peer.hello([PIN], { epk: { ...onCurve, x: `${onCurve.x}AA` } })],
    ['more than 4096 characters', () => peer.hello([PIN], { more: 'x'.repeat(4_096) })],
    ['the frame of a server', () => peer.hello([PIN]).replace('client_key', 'server_key')],
  ])('closes with 4422 after a first frame with %s', async (_what, frame) => {
    const { far, closes, frames, isReady } = start();
    far.send(frame());
    await vi.waitFor(() => expect(closes).toEqual([4422]));
    expect({ frames, isReady: isReady() }).toEqual({ frames: [], isReady: false });
  });

  it('closes with 4422 after a binary first frame', async () => {
    const { far, closes } = start();
    far.sendBinary(Buffer.from(peer.hello([PIN])));
    await vi.waitFor(() => expect(closes).toEqual([4422]));
  });

  it('closes with 4408 if no key comes within 5 s, and not later', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const silent = start();
    const prompt = start();
    prompt.far.send(peer.hello([PIN]));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(silent.closes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(silent.closes).toEqual([4408]);
    silent.far.send(peer.hello([PIN]));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(silent.isReady()).toBe(false);
    expect(prompt.closes).toEqual([]);
  });

  it.each<[string, number, () => Promise<readonly (string | Uint8Array)[]>]>([
    ['a message that is not encrypted', 4422, async () => Promise.resolve(['{"type":"ping"}'])],
    ['a second agreement', 4422, async () => Promise.resolve([peer.hello([PIN])])],
    ['a binary frame', 4422, async () => [Buffer.from(await peer.seal('x'))]],
    ['a message as the server sends it', 4422, async () => [await peer.seal('x', { sender: 's' })]],
    ['a repeated message', 4422, async () => Array<string>(2).fill(await peer.seal('once'))],
    ['a message above the limit', 1009, async () => [await peer.seal('x'.repeat(1_001))]],
  ])('closes after %s with %i, and reads nothing more', async (_what, code, attack) => {
    const started = start();
    await started.agreed();
    for (const frame of await attack()) {
      if (typeof frame === 'string') started.far.send(frame);
      else started.far.sendBinary(frame);
    }
    started.far.send(await peer.seal('after'));
    await vi.waitFor(() => expect(started.closes).toEqual([code]));
    await vi.waitFor(() => expect(started.seen.closes).toHaveLength(1));
    expect(started.seen.messages.filter((message) => message !== 'once')).toEqual([]);
    expect(started.socket.send('late')).toBe(true);
  });

  it('closes with 1007 after text that is not UTF-8', async () => {
    const { far, closes, agreed } = start();
    await agreed();
    far.send(await peer.seal(new Uint8Array([0xff, 0xfe])));
    await vi.waitFor(() => expect(closes).toEqual([1007]));
  });

  it('takes a message of exactly the limit', async () => {
    const { far, seen, agreed } = start();
    await agreed();
    far.send(await peer.seal('x'.repeat(1_000)));
    await vi.waitFor(() => expect(seen.messages).toEqual(['x'.repeat(1_000)]));
  });

  it('shows none of its text on the wire', async () => {
    const { socket, far, frames, agreed } = start();
    await agreed();
    socket.send('my private answer');
    const question = await peer.seal('my private question');
    far.send(question);
    await vi.waitFor(() => expect(frames).toHaveLength(3));
    for (const frame of [...frames, question]) {
      const decoded = frame.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
      expect([frame, ...decoded].join()).not.toMatch(/private|greeting/);
    }
  });
});
