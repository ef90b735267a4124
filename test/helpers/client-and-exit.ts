/**
 * A process with a client: it prints `connected`, closes the client on command, and must then end by itself.
 *   client-and-exit.ts URL
 */
import { createAgentClient } from '../../src/client/index.js';

const client = createAgentClient({ url: process.argv[2] ?? '' });
await client.connect();
process.on('exit', () => process.stdout.write('exits\n'));
process.stdin.once('data', () => {
  client.close();
  process.stdin.destroy();
});
process.stdout.write('connected\n');
