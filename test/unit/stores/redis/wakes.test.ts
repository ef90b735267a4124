import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../../src/runtime/logger.js';
import { Keys } from '../../../../src/stores/redis/keys.js';
import type { RedisConnection } from '../../../../src/stores/redis/redis-client.js';
import { Wakes } from '../../../../src/stores/redis/wakes.js';

type Listener = (message: string, channel: string) => void;

/** Connections to a Redis that delivers to those subscribers that are not deaf. */
function fakeRedis() {
  const subscribers: { listener: Listener; isDeaf: boolean; isClosed: boolean }[] = [];
  const connection = {
    isCluster: false,
    send: (_: string, [, channel, message]: readonly string[]) => {
      for (const { listener, isDeaf, isClosed } of subscribers) {
        if (!isDeaf && !isClosed) listener(String(message), String(channel));
      }
      return Promise.resolve(1);
    },
    another: () => {
      const subscriber = { listener: (() => undefined) as Listener, isDeaf: false, isClosed: false };
      subscribers.push(subscriber);
      return Promise.resolve({
        subscribe: (_: readonly string[], listener: Listener) => Promise.resolve(void (subscriber.listener = listener)),
        watch: () => undefined,
        close: () => (subscriber.isClosed = true),
      });
    },
  };
  return { connection: connection as unknown as RedisConnection, subscribers };
}

describe('the wakes of a node', () => {
  it('subscribes anew if its own probes do not come back for two beats, and lets everybody look', async () => {
    const { connection, subscribers } = fakeRedis();
    const wakes = new Wakes({ connection, keys: new Keys('aw'), nodeId: 'n', logger: silentLogger });
    const look = vi.fn();
    const take = vi.fn();
    wakes.onMissed(look);
    wakes.on('k', take);
    await wakes.open();
    for (let beat = 0; beat < 5; beat++) wakes.probe();
    expect(subscribers).toHaveLength(1);
    // As after a failover, at which the connection stayed with a Redis where nobody publishes.
    Object.assign(subscribers[0] ?? {}, { isDeaf: true });
    wakes.probe();
    wakes.probe();
    expect(subscribers).toHaveLength(1);
    wakes.probe();
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1));
    expect(subscribers.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    await wakes.send(['n'], 'k');
    expect(take).toHaveBeenCalledTimes(1);
    for (let beat = 0; beat < 5; beat++) wakes.probe();
    expect(subscribers).toHaveLength(2);
    wakes.close();
    expect(subscribers.every(({ isClosed }) => isClosed)).toBe(true);
  });
});
