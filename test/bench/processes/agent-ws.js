import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerServerCalls } from '../lib/server-calls.js';
import { TOKEN_RULES } from '../lib/tokens.js';

/**
 * The third argument is JSON: `store`, `sqlite` or `redis`, else in memory; `url` and `prefix` of the Redis; `users`, whether
 * clients are who they say; `runs`: `queue` leaves them to workers, and `work` makes this process a worker; `access`:
 * `tokens` asks each client for one and each action for a scope, `open` asks for nothing and counts nothing; `limits`:
 * `default` keeps those that users have.
 */
const [, , upstream, dist, settings = '{}'] = process.argv;
const { store, url, prefix, users = false, runs, access, limits } = JSON.parse(settings);

// A built package: what users run.
const load = (entry) => import(pathToFileURL(join(dist, entry)).href);
const { createAgentSocketServer } = await load('index.js');
const { createOpenAiProvider } = await load('openai.js');

async function openSqlite() {
  const { createSqliteStore } = await load('sqlite.js');
  const directory = mkdtempSync(join(tmpdir(), 'agent-ws-bench-'));
  const opened = await createSqliteStore({ path: join(directory, 'bench.db') });
  // The file is held open and goes with the process, however that ends.
  rmSync(directory, { recursive: true, force: true });
  return opened;
}

async function openRedis() {
  const { createRedisStore } = await load('redis.js');
  return createRedisStore({ url, keyPrefix: prefix });
}

async function openQueue() {
  const { createBullMqQueue } = await load('bullmq.js');
  return createBullMqQueue({ url, keyPrefix: prefix });
}

async function whoAsks() {
  if (access === 'tokens') {
    const { jwtAuth } = await load('auth.js');
    return { authenticate: jwtAuth(TOKEN_RULES) };
  }
  if (access === 'open') return { anonymous: 'shared', permissions: () => true };
  return users ? { authenticate: ({ headers }) => ({ id: headers['x-user'] }) } : {};
}

const server = createServer();
const options = {
  server,
  provider: createOpenAiProvider({ apiKey: 'bench', baseUrl: upstream, model: 'bench-model' }),
  maxConnections: 20_000,
  // Earlier builds do not know it.
  ...(existsSync(join(dist, 'encryption.js')) && {
    encryption: { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
  }),
  ...(store === 'sqlite' && { store: await openSqlite() }),
  ...(store === 'redis' && { store: await openRedis() }),
  ...(runs === 'queue' && { queue: await openQueue() }),
  ...(await whoAsks()),
};

// All clients have one address. Limits that nobody reaches cost what limits cost.
const rate = { burst: 1e12, perSecond: 1e12 };
const each = { perConnection: rate, perPrincipal: rate, perAddress: rate };
const outOfReach = {
  maxRunsPerAddress: 1e12,
  maxLogBytesPerAddress: 1e12,
  // One client says everything in the room that is measured.
  roomMemberRate: 1_000_000,
  roomRate: 1_000_000,
  maxRoomMembers: 20_000,
  rateLimits: access !== 'open' && { messages: each, queries: each, toolCalls: each, tokens: each },
};
function create() {
  if (limits === 'default') return createAgentSocketServer({ ...options, logger: false });
  try {
    return createAgentSocketServer({ ...options, ...outOfReach });
  } catch (error) {
    // Earlier builds refuse the options of limits.
    if (error.option === undefined) throw error;
    return createAgentSocketServer(options);
  }
}

const agent = create();
if (runs === 'work') agent.runs.work(await openQueue(), 32);
server.on('request', agent.requestListener);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => answerServerCalls(server.address().port));
