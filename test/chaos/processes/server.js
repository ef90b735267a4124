// A server under chaos: alone with a database, or a node of a cluster over Redis. It is killed and started again.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import { sleep } from '../../bench/lib/clock.js';
import { load } from '../lib/entries.js';

const { database, redis, toolFile, upstream } = JSON.parse(process.argv[2]);
const [{ createAgentSocketServer, defineTool }, { createOpenAiProvider }] = await Promise.all([
  load('index'),
  load('openai'),
]);

const appendLine = defineTool({
  name: 'append_line',
  description: 'Leaves a trace of being executed',
  params: z.object({}),
  async execute(_params, { runId, toolCallId }) {
    await sleep(10);
    appendFileSync(toolFile, `${runId} ${toolCallId}\n`);
    await sleep(10);
    return 'done';
  },
});

const warnings = [];
const warn = (fields, message) => warnings.push(`${message} ${fields.err ?? ''}`);
const logger = { trace() {}, debug() {}, info() {}, warn, error: warn, fatal: warn };
const store = await openStore();
const server = createServer();
const agent = createAgentSocketServer({
  server,
  store,
  logger,
  provider: createOpenAiProvider({ baseUrl: upstream, apiKey: 'chaos', model: 'chaos' }),
  tools: [appendLine],
  // All clients have one address, and ask as often as they can.
  rateLimits: false,
  maxRunsPerAddress: 1_000_000,
  // Followers come back over connections that share nothing but the ids of their runs.
  anonymous: 'shared',
});

async function openStore() {
  if (redis === undefined) return (await load('sqlite')).createSqliteStore({ path: database, logger });
  return (await load('redis')).createRedisStore({ url: redis, beatMs: 300, leaseMs: 2_500, logger });
}

let stopping = false;
// Whoever conducts is gone: nobody would stop it.
process.on('disconnect', () => process.exit(stopping ? 0 : 1));
process.on('message', async (question) => {
  if (question === 'state') {
    process.send({ live: agent.runs.size, unfinished: store.runs.unfinished().length, warnings });
  } else if (question === 'stop') {
    stopping = true;
    await agent.close({ drainMs: 1_000 });
    store.close();
    server.close();
    process.disconnect();
  }
});

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, nodeId: store.cluster?.nodeId }));
