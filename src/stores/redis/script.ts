import { createHash } from 'node:crypto';
import { replyCode, type RedisArgument, type RedisConnection, type Reply } from './redis-client.js';

/**
 * A script in Lua, which Redis executes as one step. It is called by its hash; a Redis that does not know it gets the
 * text. Every key is in the slot of the base that the script gets as its only key.
 */
export class Script {
  readonly name: string;
  readonly #source: string;
  readonly #hash: string;

  constructor(name: string, source: string) {
    this.name = name;
    this.#source = source;
    this.#hash = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Executes the script.
   * @param base - what the keys of the partition begin with
   */
  run(connection: RedisConnection, base: string, args: readonly RedisArgument[]): Promise<Reply> {
    return connection.send(base, ['EVALSHA', this.#hash, '1', base, ...args]).catch((error: unknown) => {
      if (replyCode(error) !== 'NOSCRIPT') throw error;
      return connection.send(base, ['EVAL', this.#source, '1', base, ...args]);
    });
  }
}
