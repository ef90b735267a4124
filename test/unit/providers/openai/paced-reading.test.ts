import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PacedReading } from '../../../../src/providers/openai/paced-reading.js';

describe('reading an upstream under load', () => {
  let server: Server;
  let far: Socket;
  let near: Socket;
  let high: boolean;
  let reads: string[];

  beforeEach(async () => {
    // Time passes only where a test says so.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    high = true;
    reads = [];
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    near = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [far] = (await accepted) as [Socket];
    far.setNoDelay();
    new PacedReading({ isHigh: () => high }).watch(near);
    // The way undici reads.
    near.on('readable', () => {
      for (let chunk = near.read() as Buffer | null; chunk !== null; chunk = near.read() as Buffer | null) {
        reads.push(chunk.toString());
      }
    });
  });

  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
    vi.useRealTimers();
  });

  async function haveRead(...texts: string[]): Promise<void> {
    while (reads.length < texts.length) await new Promise(setImmediate);
    expect(reads).toEqual(texts);
  }

  /** Sends one text after the other, with turns of the event loop between them in which each could be read. */
  async function send(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await new Promise((resolve) => far.write(text, resolve));
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    }
  }

  it('reads the first bytes at once and what comes soon after them together', async () => {
    await send('a');
    await haveRead('a');
    await send('b', 'c', 'd');
    vi.advanceTimersByTime(50);
    await haveRead('a', 'bcd');
  });

  it('reads every piece when it comes while there is no load', async () => {
    high = false;
    await send('a');
    await haveRead('a');
    await send('b');
    await haveRead('a', 'b');
    await send('c');
    await haveRead('a', 'b', 'c');
  });

  it('reads at once after a write: the answer to a new request does not wait', async () => {
    await send('a');
    await haveRead('a');
    await send('b');
    near.write('request');
    await haveRead('a', 'b');
  });

  it('tells the end of the stream', async () => {
    await send('a');
    await haveRead('a');
    const ended = once(near, 'end');
    far.end('z');
    vi.advanceTimersByTime(50);
    await haveRead('a', 'z');
    vi.advanceTimersByTime(50);
    await ended;
  });

  it('leaves a socket alone that was destroyed meanwhile', async () => {
    await send('a');
    await haveRead('a');
    near.destroy();
    vi.advanceTimersByTime(50);
    await once(near, 'close');
    expect(reads).toEqual(['a']);
  });
});
