import { randomUUID } from 'node:crypto';
import { isFull, kindOfFault, Outage, PATIENCE_MS, unavailable } from './outage.js';
import type { RedisArgument, RedisConnection, Reply } from './redis-client.js';
import { SharedClock } from './shared-clock.js';
import { OnceScript, type Script } from './script.js';

/** How long a confirmation of the disk or of a replica may take, in milliseconds. */
const CONFIRM_MS = 1_000;

/** What a write waits for. */
export type Durability = 'normal' | 'disk' | 'replica';

/** Calls scripts until they are answered. */
export class RedisCalls {
  readonly connection: RedisConnection;
  readonly outage: Outage;
  readonly clock = new SharedClock();
  readonly #durability: Durability;

  constructor(connection: RedisConnection, outage: Outage, durability: Durability) {
    this.connection = connection;
    this.outage = outage;
    this.#durability = durability;
  }

  /**
   * Reads. The call may be repeated.
   * @throws AgentSocketError `store_unavailable` if Redis does not answer for 5 s
   */
  read(script: Script, base: string, args: readonly RedisArgument[]): Promise<Reply> {
    return this.#call(base, () => script.run(this.connection, base, args), true);
  }

  /**
   * Writes. The script must be such that repeating it changes nothing and answers the same, or a {@link OnceScript}.
   * @throws AgentSocketError `store_unavailable` if Redis does not answer for 5 s, and the write was certainly not made;
   * a write that may have been made is repeated until it is answered
   */
  write(script: Script, base: string, args: readonly RedisArgument[]): Promise<Reply> {
    const all = script instanceof OnceScript ? [...args, randomUUID()] : args;
    return this.#call(base, () => this.once(script, base, all), false);
  }

  /** Writes once, and waits until the write is as durable as the store promises. */
  async once(script: Script, base: string, args: readonly RedisArgument[]): Promise<Reply> {
    const answer = await script.run(this.connection, base, args);
    if (this.#durability === 'normal') return answer;
    const wait = this.#durability === 'disk' ? ['WAITAOF', '1', '0'] : ['WAIT', '1'];
    const confirmed = await this.connection.send(base, [...wait, `${CONFIRM_MS}`]);
    const [count] = [confirmed].flat() as readonly Reply[];
    if (Number(count) < 1) throw new Error(`A write was not confirmed within ${CONFIRM_MS} ms`);
    return answer;
  }

  async #call(base: string, attempt: () => Promise<Reply>, isHarmless: boolean): Promise<Reply> {
    const { connection, outage } = this;
    const until = performance.now() + PATIENCE_MS;
    for (let isInDoubt = false; ;) {
      let error: unknown = new Error('There is no connection');
      if (connection.isReady) {
        try {
          const answer = await attempt();
          outage.end(base);
          return answer;
        } catch (cause) {
          error = cause;
          const kind = kindOfFault(error);
          if (kind === 'wrong') throw error;
          if (kind === 'lost') isInDoubt = !isHarmless;
          else if (!isInDoubt && isFull(error)) throw unavailable(error);
        }
      }
      outage.begin(base, error);
      if (outage.isClosed || (!isInDoubt && performance.now() > until)) throw unavailable(error);
      await outage.pause(base);
    }
  }
}
