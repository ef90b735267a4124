/** A process that serves one answer, closes everything it opened and must then end by itself. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createAgentSocketServer } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';

const server = http.createServer();
const agent = createAgentSocketServer({ server, provider: createScriptedProvider(['Hello']) });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const client = await TestClient.connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/agent`);
const answer = await client.ask({ type: 'streaming_query', query: 'Hi' });
if (answer.type !== 'stream_end') throw new Error(`Answered with ${answer.type}`);
await agent.close({ drainMs: 60_000 });
server.close();
await once(server, 'close');
await client.closed;
// Closed resources disappear within a few turns of the event loop.
for (let turn = 0; turn < 10; turn++) await setImmediate();
// Includes timers, except for those that do not keep the process alive.
const left = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
process.stdout.write(`closed after an answer, with ${left.join() || 'nothing'} left\n`);
