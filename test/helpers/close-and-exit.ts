/** A process that serves one answer, closes everything it opened and must then end by itself. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
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
const closedAt = performance.now();
process.stdout.write('closed after an answer\n');
process.on('exit', () => process.stdout.write(`exits ${Math.round(performance.now() - closedAt)}\n`));
