import { hashOf, partitionOf, type Keys } from './keys.js';
import type { RedisCalls } from './redis-calls.js';
import type { RedisArgument, Reply } from './redis-client.js';
import type { Script } from './script.js';

/** What {@link RedisRoom} is made with. */
export interface RedisRoomInit {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  /** The id of this node. */
  readonly node: string;
}

/** Where a room is in Redis. */
export class RedisRoom {
  readonly node: string;
  readonly name: string;
  /** Hash of the name. */
  readonly hash: string;
  /** What the keys of the partition begin with. */
  readonly base: string;
  /** By which the room is counted. */
  readonly item: string;
  readonly #calls: RedisCalls;

  constructor({ calls, keys, node }: RedisRoomInit, name: string) {
    const partition = partitionOf(name);
    this.#calls = calls;
    this.node = node;
    this.name = name;
    this.hash = hashOf(name);
    this.base = keys.base(partition);
    this.item = `${partition}:${this.hash}`;
  }

  /**
   * Executes a script of rooms.
   * @throws AgentSocketError `store_unavailable` if Redis does not answer for 5 s
   */
  run(script: Script, args: readonly RedisArgument[]): Promise<Reply> {
    return this.#calls.write(script, this.base, [this.node, this.hash, ...args]);
  }

  /** Events after a position, at most 512, as {@link eventsOf} takes them. */
  read(after: number): Promise<Reply> {
    const log = `${this.base}re:${this.hash}`;
    return this.#calls.connection.send(log, ['XRANGE', log, String(after + 1), '+', 'COUNT', '512']);
  }
}

/** An event as Redis has it. */
export interface StoredEvent {
  readonly seq: number;
  readonly createdAt: number;
  readonly body: string;
  /** Token of the attempt that added it. */
  readonly token?: string | undefined;
}

/** Events of the form `["<seq>-0", ["t", time, "b", body, "k", identity, "a", token]]`. */
export function eventsOf(reply: Reply | undefined): StoredEvent[] {
  return (reply as [string, string[]][]).map(([id, [, createdAt, , body = '', , , , token]]) => ({
    seq: Number.parseInt(id, 10),
    createdAt: Number(createdAt),
    body,
    token,
  }));
}
