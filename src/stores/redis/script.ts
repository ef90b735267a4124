import { createHash } from 'node:crypto';
import { replyCode } from '../../runtime/redis-access.js';
import type { RedisArgument, RedisConnection, Reply } from './redis-client.js';

/** `CHANNEL`: what the channel of a node begins with. On one Redis, all partitions of a node have one channel. */
const CHANNEL = `local CHANNEL = string.match(KEYS[1], '^([^{]*)') .. 'n:'\n`;
const SHARDED_CHANNEL = `local CHANNEL = KEYS[1] .. 'n:'\n`;

/**
 * A script in Lua, which Redis executes as one step. It is called by its hash; a Redis that does not know it gets the
 * text. Every key is in the slot of the base that the script gets as its only key.
 *
 * The text publishes with `PUBLISH` to channels that begin with `CHANNEL`; on Redis Cluster this is `SPUBLISH`.
 */
export class Script {
  readonly name: string;
  readonly #one: Source;
  readonly #sharded: Source;

  constructor(name: string, text: string) {
    this.name = name;
    this.#one = sourceOf(CHANNEL + text);
    this.#sharded = sourceOf(SHARDED_CHANNEL + text.replaceAll(`'PUBLISH'`, `'SPUBLISH'`));
  }

  /**
   * Executes the script.
   * @param base - what the keys of the partition begin with
   */
  run(connection: RedisConnection, base: string, args: readonly RedisArgument[]): Promise<Reply> {
    const { text, hash } = connection.isCluster ? this.#sharded : this.#one;
    const answered = connection.send(base, ['EVALSHA', hash, '1', base, ...args]).catch((error: unknown) => {
      if (replyCode(error) !== 'NOSCRIPT') throw error;
      return connection.send(base, ['EVAL', text, '1', base, ...args]);
    });
    connection.calls.count(this.name, answered);
    return answered;
  }
}

interface Source {
  readonly text: string;
  readonly hash: string;
}

function sourceOf(text: string): Source {
  return { text, hash: createHash('sha1').update(text).digest('hex') };
}
