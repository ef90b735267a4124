import { now, sleep } from '../../bench/lib/clock.js';
import { ServerProcess } from './server-process.js';

/** How long Redis is away, in milliseconds. */
const REDIS_AWAY_MS = [100, 2_000];

/** What goes wrong: connections, servers, and Redis. */
export class Disturbance {
  /** When a server was killed, and which. @type {{ at: number, nodeId?: string }[]} */
  kills = [];
  /** How often Redis was killed. */
  redisKills = 0;
  cuts = 0;
  /** The servers as they run now. */
  servers;
  #proxy;
  #random;
  #options;
  #redis;
  #over = false;

  constructor({ proxy, random, servers, options, redis }) {
    this.#proxy = proxy;
    this.#random = random;
    this.servers = servers;
    this.#options = options;
    this.#redis = redis;
    // As a load balancer does: whoever comes is sent to one that lives.
    proxy.onConnection = () => {
      if (this.servers.length > 0) proxy.target = this.servers[Math.floor(Math.random() * this.servers.length)].port;
    };
  }

  /** Disturbs for so many milliseconds, with so many kills in between, or fewer on a slow machine. */
  async run(ms, kills) {
    this.#over = false;
    const cutting = this.#cutConnections();
    const until = now() + ms;
    for (let i = 0; i < kills && now() < until; i++) {
      await sleep((ms / (kills + 1)) * (0.7 + 0.6 * this.#random.next()));
      // Redis every third time, at different places of the row.
      if (this.#redis !== undefined && i % 3 === 1) await this.#restartRedis();
      else await this.#restart();
    }
    await sleep(Math.max(0, Math.min(ms / (kills + 1), until - now())));
    this.#over = true;
    await cutting;
  }

  async #restart() {
    const server = this.#random.pick(this.servers);
    this.kills.push({ at: now(), nodeId: server.nodeId });
    await server.kill();
    this.servers = this.servers.filter((other) => other !== server);
    await sleep(this.#random.int(0, 200));
    this.servers.push(await ServerProcess.start(this.#options));
  }

  async #restartRedis() {
    this.redisKills++;
    await this.#redis.kill();
    await sleep(this.#random.int(...REDIS_AWAY_MS));
    await this.#redis.restart();
  }

  async #cutConnections() {
    const random = this.#random;
    while (!this.#over) {
      await sleep(random.int(100, 500));
      const share = random.chance(0.05) ? 1 : random.next() * 0.25;
      for (const connection of [...this.#proxy.connections]) {
        if (random.chance(share)) this.#disturb(connection);
      }
    }
  }

  #disturb(connection) {
    const random = this.#random;
    const by = random.pick(['fin', 'rst']);
    this.cuts++;
    if (random.chance(0.5)) connection.cut(by);
    else if (random.chance(0.7)) {
      const direction = random.chance(0.8) ? 'down' : 'up';
      connection.apply({ cutAfter: { direction, bytes: connection.bytes[direction] + random.int(1, 3_000), by } });
    } else {
      connection.stall();
      setTimeout(() => (random.chance(0.5) ? connection.resume() : connection.cut(by)), random.int(100, 1_000));
    }
  }
}
