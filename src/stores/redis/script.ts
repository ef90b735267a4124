import { createHash } from 'node:crypto';
import { replyCode } from '../../runtime/redis-access.js';
import type { RedisArgument, RedisConnection, Reply } from './redis-client.js';

/** How long Redis keeps an answer for another attempt, in milliseconds: longer than Redis takes to start again. */
const KEPT_ANSWER_MS = 600_000;

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

/**
 * A script that finds nothing to do the second time, and whose answer is needed: each attempt gets the answer of the first one.
 * {@link RedisCalls.write} adds a token of all attempts as the last argument, which the text does not see. The text
 * answers `false` if there is nothing to do.
 */
export class OnceScript extends Script {
  constructor(name: string, text: string) {
    super(
      name,
      `
local kept = KEYS[1] .. 'said:' .. table.remove(ARGV)
local said = redis.call('GET', kept)
if said then return cmsgpack.unpack(said) end
local function execute()
${text}
end
said = execute()
if said then redis.call('SET', kept, cmsgpack.pack(said), 'PX', ${KEPT_ANSWER_MS}) end
return said`,
    );
  }
}

interface Source {
  readonly text: string;
  readonly hash: string;
}

function sourceOf(text: string): Source {
  return { text, hash: createHash('sha1').update(text).digest('hex') };
}
