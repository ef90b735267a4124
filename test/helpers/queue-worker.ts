/**
 * A separate process that takes tickets: `queue-worker URL PREFIX`. It prints `ready`, and then the id of each ticket that
 * it takes, which it never finishes.
 */
import { createBullMqQueue } from '../../src/queues/bullmq.js';

const [url = '', keyPrefix = ''] = process.argv.slice(2);
const queue = await createBullMqQueue({ url, keyPrefix });
queue.take(8, ({ id }) => {
  process.stdout.write(`${id}\n`);
  return new Promise(() => undefined);
});
process.stdout.write('ready\n');
