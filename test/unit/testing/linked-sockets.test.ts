import { describe, expect, it } from 'vitest';
import { ConnectionManager } from '../../../src/index.js';
import { linkSockets } from '../../../src/testing/index.js';

const settle = () => new Promise(setImmediate);

/** A listener that writes down what it is told. */
function notes() {
  const told: string[] = [];
  return {
    told,
    onMessage: (data: string | Uint8Array) => void told.push(String(data)),
    onDrain: () => undefined,
    onClose: (code: number, reason: string) => void told.push(`${code} ${reason}`),
  };
}

describe('linkSockets', () => {
  it('tells an end that is opened late what arrived, and then that it is closed, once', async () => {
    const [a, b] = linkSockets();
    b.send('early');
    b.close(4000, 'done');
    await settle();
    const listener = notes();
    a.open(listener);
    expect(listener.told).toEqual([]);
    await settle();
    expect(listener.told).toEqual(['early', '4000 done']);
    a.close(1000, 'again');
    await settle();
    expect(listener.told).toEqual(['early', '4000 done']);
  });

  it('tells an end that closed itself before it was opened', async () => {
    const [a, b] = linkSockets();
    const listener = notes();
    a.close(4001, 'mine');
    a.open(listener);
    await settle();
    expect(listener.told).toEqual(['4001 mine']);
    const far = notes();
    b.open(far);
    await settle();
    expect(far.told).toEqual(['4001 mine']);
  });

  it('gives an end that does not read the close after what was sent before it', async () => {
    const [a, b] = linkSockets();
    const listener = notes();
    a.open(listener);
    a.pause();
    b.send('last words');
    b.close(4000, 'done');
    await settle();
    expect(listener.told).toEqual([]);
    a.resume();
    await settle();
    expect(listener.told).toEqual(['last words', '4000 done']);
  });

  it('leaves no connection behind of a peer that was gone before it was accepted', async () => {
    const connections = new ConnectionManager({ maxConnections: 1 });
    const [a, b] = linkSockets();
    b.close(1000, 'Bye');
    await settle();
    const events: string[] = [];
    connections.on('connect', () => events.push('connect'));
    connections.on('disconnect', (_, { code }) => events.push(`disconnect ${code}`));
    connections.connect(a, { principal: { id: 'ann' }, metadata: undefined, negotiated: true });
    await settle();
    expect(events).toEqual(['connect', 'disconnect 1000']);
    expect(connections.size).toBe(0);
  });

  it('lets a client that was refused read what was said', async () => {
    const connections = new ConnectionManager({ maxConnections: 1 });
    const info = { principal: { id: 'ann' }, metadata: undefined, negotiated: true };
    connections.connect(linkSockets()[0], info);
    const [a, b] = linkSockets();
    connections.connect(a, info);
    await settle();
    const listener = notes();
    b.open(listener);
    await settle();
    expect(listener.told).toEqual(['1013 Server is at its connection limit']);
  });
});
