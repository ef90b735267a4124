import { randomBytes } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Opener, Sealer } from '../../../src/encryption/directions.js';
import { derive } from '../../../src/encryption/key-agreement.js';
import { KeyUse } from '../../../src/protocol/encryption.js';
import { JosePeer } from '../../helpers/jose-peer.js';

const NO_LIMIT = { messages: Infinity, bytes: Infinity, ms: Infinity };
const TEXT = '{"type":"stream_chunk","content":"漢🙂 \\u0000"}';

/** Decrypts what a sealer made, with nothing but its first secret. */
async function read(secret: Buffer, frames: readonly string[]): Promise<{ text: string; kid: string }[]> {
  const read: { text: string; kid: string }[] = [];
  for (const frame of frames) {
    const { kid = '' } = decodeProtectedHeader(frame) as { kid?: string };
    let [key, next] = derive(secret, Buffer.alloc(0));
    for (let epoch = 0; epoch < Number(kid.slice(1)); epoch++) [key, next] = derive(next, Buffer.alloc(0));
    read.push({ text: Buffer.from((await compactDecrypt(frame, key)).plaintext).toString(), kid });
  }
  return read;
}

describe('a message that is sealed', () => {
  it('is a compact JWE, whether it was a string or bytes', async () => {
    const secret = randomBytes(32);
    const sealer = new Sealer(secret);
    const frames = [sealer.seal(TEXT), sealer.seal(Buffer.from(TEXT)), sealer.seal('')];
    expect((await read(secret, frames)).map(({ text }) => text)).toEqual([TEXT, TEXT, '']);
    expect(decodeProtectedHeader(frames[0] ?? '')).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 's0' });
  });

  it('never has the counter of another one', () => {
    const sealer = new Sealer(randomBytes(32), new KeyUse({ ...NO_LIMIT, messages: 3 }));
    const vectors = Array.from({ length: 100 }, () => sealer.seal('x').split('.')[2]);
    expect(new Set(vectors).size).toBe(100);
    expect(vectors[0]).toBe(Buffer.alloc(12).toString('base64url'));
  });

  it.each([
    ['messages', { ...NO_LIMIT, messages: 2 }, ['s0', 's0', 's1', 's1', 's2']],
    ['bytes', { ...NO_LIMIT, bytes: 15 }, ['s0', 's0', 's1', 's1', 's2']],
  ])('gets the next key after a number of %s', async (_what, limits, kids) => {
    const secret = randomBytes(32);
    const sealer = new Sealer(secret, new KeyUse(limits));
    const frames = kids.map((_, index) => sealer.seal(`number ${index}`));
    expect(await read(secret, frames)).toEqual(kids.map((kid, index) => ({ text: `number ${index}`, kid })));
  });

  it('gets the next key after some time', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const secret = randomBytes(32);
    const sealer = new Sealer(secret);
    const frames = [sealer.seal('1')];
    vi.advanceTimersByTime(3_599_999);
    frames.push(sealer.seal('2'));
    vi.advanceTimersByTime(1);
    frames.push(sealer.seal('3'));
    expect((await read(secret, frames)).map(({ kid }) => kid)).toEqual(['s0', 's0', 's1']);
  });
});

/** An opener, and a peer of `jose` with the same keys, whose own side is the client's. */
function pair() {
  const secret = randomBytes(32);
  const peer = new JosePeer();
  let [key, next] = derive(secret, Buffer.alloc(0));
  const keys = [key];
  peer.key = (_sender, epoch) => {
    while (keys.length <= epoch) {
      [key, next] = derive(next, Buffer.alloc(0));
      keys.push(key);
    }
    return keys[epoch] as Buffer;
  };
  return { opener: new Opener(secret), peer };
}

describe('a message that is opened', () => {
  it('is what jose made', async () => {
    const { opener, peer } = pair();
    for (const text of [TEXT, '', 'x'.repeat(100_000)]) {
      expect(opener.open(await peer.seal(text))?.toString()).toBe(text);
    }
  });

  it('may have the next key, and from then on no earlier one', async () => {
    const { opener, peer } = pair();
    const first = await peer.seal('first');
    peer.epoch = 1;
    const second = await peer.seal('second');
    peer.epoch = 0;
    const late = await peer.seal('late');
    expect(opener.open(first)?.toString()).toBe('first');
    expect(opener.open(second)?.toString()).toBe('second');
    expect(opener.open(late)).toBeUndefined();
  });

  it('may not skip a key', async () => {
    const { opener, peer } = pair();
    peer.epoch = 2;
    expect(opener.open(await peer.seal('x'))).toBeUndefined();
  });

  it('is refused if it is repeated', async () => {
    const { opener, peer } = pair();
    const frame = await peer.seal('once');
    expect(opener.open(frame)?.toString()).toBe('once');
    expect(opener.open(frame)).toBeUndefined();
  });

  it('is refused if one before it is missing', async () => {
    const { opener, peer } = pair();
    await peer.seal('lost');
    expect(opener.open(await peer.seal('late'))).toBeUndefined();
  });

  it('is refused if it was sent by the server itself', async () => {
    const { opener, peer } = pair();
    expect(opener.open(await peer.seal('reflected', { sender: 's' }))).toBeUndefined();
  });

  it('is refused under another key', async () => {
    const { peer } = pair();
    expect(new Opener(randomBytes(32)).open(await peer.seal('x'))).toBeUndefined();
  });

  it.each<[string, (parts: string[]) => string]>([
    ['a changed text', ([head, none, iv, text = '', tag]) => [head, none, iv, flip(text), tag].join('.')],
    ['a changed tag', ([head, none, iv, text, tag = '']) => [head, none, iv, text, flip(tag)].join('.')],
    ['a shorter tag', ([head, none, iv, text, tag = '']) => [head, none, iv, text, tag.slice(0, 6)].join('.')],
    ['no tag', (parts) => parts.slice(0, 4).join('.')],
    ['text cut off', ([head, none, iv, text = '', tag]) => [head, none, iv, text.slice(0, -4), tag].join('.')],
    ['another counter', ([head, none, iv = '', text, tag]) => [head, none, flip(iv), text, tag].join('.')],
    ['a key in it', ([head, , iv, text, tag]) => [head, 'AAAA', iv, text, tag].join('.')],
    ['one part more', (parts) => `${parts.join('.')}.AAAA`],
    ['blanks', (parts) => parts.join('. ')],
    ['padding', (parts) => `${parts.join('.')}=`],
    ['nothing', () => ''],
    ['a header alone', ([head = '']) => head],
    ['another header', ([, ...rest]) => [encoded('{"alg":"dir","enc":"A256GCM","kid":"c0" }'), ...rest].join('.')],
    ['no encryption', () => `${encoded('{"alg":"none"}')}..AAAA.AAAA.`],
    ['plain JSON', () => '{"type":"ping"}'],
  ])('is refused with %s', async (_what, spoil) => {
    const { opener, peer } = pair();
    const frame = await peer.seal(TEXT);
    expect(opener.open(spoil(frame.split('.')))).toBeUndefined();
  });
});

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Changes one character to another one of the alphabet. */
function flip(text: string): string {
  return (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
}
