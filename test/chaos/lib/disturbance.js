import { now, sleep } from '../../bench/lib/clock.js';
import { ServerProcess } from './server-process.js';

/** What goes wrong: connections, and the server. */
export class Disturbance {
  /** When the server was killed. @type {number[]} */
  killedAt = [];
  cuts = 0;
  #proxy;
  #random;
  #options;
  #server;
  #over = false;

  constructor({ proxy, random, server, options }) {
    this.#proxy = proxy;
    this.#random = random;
    this.#server = server;
    this.#options = options;
  }

  /** The server as it runs now. */
  get server() {
    return this.#server;
  }

  /** Disturbs for so many milliseconds, with so many kills in between. */
  async run(ms, kills) {
    const cutting = this.#cutConnections();
    for (let i = 0; i < kills; i++) {
      await sleep((ms / (kills + 1)) * (0.7 + 0.6 * this.#random.next()));
      await this.#restart();
    }
    await sleep(ms / (kills + 1));
    this.#over = true;
    await cutting;
  }

  async #restart() {
    this.killedAt.push(now());
    await this.#server.kill();
    await sleep(this.#random.int(0, 200));
    this.#server = await ServerProcess.start(this.#options);
    this.#proxy.target = this.#server.port;
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
